BEGIN TRANSACTION;
CREATE TABLE attempts (
                seq INTEGER PRIMARY KEY, run_id TEXT NOT NULL, task_id TEXT NOT NULL, number INTEGER NOT NULL, started REAL NOT NULL,
                log TEXT NOT NULL
            , checked INTEGER) STRICT;
INSERT INTO "attempts" VALUES(1,'run-1','täsk/0 ''quoted''',1,1001.0,'logs/task-0.log',2339499622);
INSERT INTO "attempts" VALUES(2,'run-1','täsk/1 ''quoted''',1,1002.0,'logs/task-1.log',4208613377);
INSERT INTO "attempts" VALUES(3,'run-1','täsk/2 ''quoted''',1,1003.0,'logs/task-2.log',1752834875);
INSERT INTO "attempts" VALUES(4,'run-1','täsk/3 ''quoted''',1,1004.0,'logs/task-3.log',428684495);
INSERT INTO "attempts" VALUES(5,'run-1','täsk/4 ''quoted''',1,1005.0,'logs/task-4.log',2518119069);
INSERT INTO "attempts" VALUES(6,'run-2','open',3,2001.0,'',2022351863);
CREATE TABLE components (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO "components" VALUES('journal',2);
CREATE TABLE outcomes (
                attempt INTEGER PRIMARY KEY REFERENCES attempts (seq), ending TEXT NOT NULL, reason TEXT NOT NULL, exit_code INTEGER,
                duration REAL NOT NULL, cpu REAL NOT NULL, peak_memory INTEGER NOT NULL, cost REAL NOT NULL, log TEXT NOT NULL,
                log_digest TEXT NOT NULL, verified INTEGER NOT NULL
            , checked INTEGER) STRICT;
INSERT INTO "outcomes" VALUES(1,'succeeded','because
of 0',0,0.125,0.0625,1099511627776,1.5,'logs/task-0.log','abababababababababababababababababababababababababababababababab',1,2511203923);
INSERT INTO "outcomes" VALUES(2,'failed','because
of 1',NULL,0.25,0.0625,1099511627777,1.5,'logs/task-1.log','abababababababababababababababababababababababababababababababab',0,547056998);
INSERT INTO "outcomes" VALUES(3,'timed_out','because
of 2',2,0.375,0.0625,1099511627778,1.5,'logs/task-2.log','abababababababababababababababababababababababababababababababab',0,2150925961);
INSERT INTO "outcomes" VALUES(4,'interrupted','because
of 3',NULL,0.5,0.0625,1099511627779,1.5,'logs/task-3.log','abababababababababababababababababababababababababababababababab',0,1416423339);
INSERT INTO "outcomes" VALUES(5,'failed_verify','because
of 4',4,0.625,0.0625,1099511627780,1.5,'logs/task-4.log','abababababababababababababababababababababababababababababababab',0,2595631329);
CREATE TABLE runs (
                id TEXT PRIMARY KEY, pid INTEGER NOT NULL, started REAL NOT NULL, ended REAL, exit_code INTEGER
            , checked INTEGER) STRICT, WITHOUT ROWID;
INSERT INTO "runs" VALUES('run-1',11,1000.5,1500.0,1,2566347110);
INSERT INTO "runs" VALUES('run-2',12,2000.25,NULL,NULL,1339239108);
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL, checked INTEGER) STRICT, WITHOUT ROWID;
INSERT INTO "state" VALUES('journal.written','9',122497686);
INSERT INTO "state" VALUES('kept','{"empty": {}, "list": [1, 2.5, null, true, "ä"]}',575026203);
CREATE TABLE transitions (
                seq INTEGER PRIMARY KEY, run_id TEXT NOT NULL, task_id TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL,
                at REAL NOT NULL, reason TEXT NOT NULL
            , checked INTEGER) STRICT;
INSERT INTO "transitions" VALUES(1,'run-1','täsk/0 ''quoted''','pending','in_progress',1001.0,'attempt 1 started',1094645093);
INSERT INTO "transitions" VALUES(2,'run-1','täsk/0 ''quoted''','in_progress','pending',1002.0,'ended: succeeded',730283887);
INSERT INTO "transitions" VALUES(3,'run-1','täsk/1 ''quoted''','pending','in_progress',1002.0,'attempt 1 started',4187137902);
INSERT INTO "transitions" VALUES(4,'run-1','täsk/1 ''quoted''','in_progress','in_progress',1003.0,'ended: failed',2537727290);
INSERT INTO "transitions" VALUES(5,'run-1','täsk/2 ''quoted''','pending','in_progress',1003.0,'attempt 1 started',279584201);
INSERT INTO "transitions" VALUES(6,'run-1','täsk/2 ''quoted''','in_progress','done',1004.0,'ended: timed_out',283422689);
INSERT INTO "transitions" VALUES(7,'run-1','täsk/3 ''quoted''','pending','in_progress',1004.0,'attempt 1 started',1404765497);
INSERT INTO "transitions" VALUES(8,'run-1','täsk/3 ''quoted''','in_progress','failed',1005.0,'ended: interrupted',2940858842);
INSERT INTO "transitions" VALUES(9,'run-1','täsk/4 ''quoted''','pending','in_progress',1005.0,'attempt 1 started',3793167421);
INSERT INTO "transitions" VALUES(10,'run-1','täsk/4 ''quoted''','in_progress','cancelled',1006.0,'ended: failed_verify',4027561321);
COMMIT;
PRAGMA user_version = 3;
