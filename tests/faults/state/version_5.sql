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
CREATE TABLE checks (
                seq INTEGER PRIMARY KEY, task_id TEXT NOT NULL, run_id TEXT NOT NULL, number INTEGER NOT NULL, at REAL NOT NULL,
                passed INTEGER NOT NULL, digest TEXT NOT NULL, checked INTEGER
            ) STRICT;
INSERT INTO "checks" VALUES(1,'tests: ü','run-1',2,1400.5,1,'cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd',2523220357);
INSERT INTO "checks" VALUES(2,'tests: ü','run-1',2,1400.5,0,'',1431415014);
CREATE TABLE components (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO "components" VALUES('journal',4);
CREATE TABLE outcomes (
                attempt INTEGER PRIMARY KEY REFERENCES attempts (seq), ending TEXT NOT NULL, reason TEXT NOT NULL, exit_code INTEGER,
                duration REAL NOT NULL, cpu REAL NOT NULL, peak_memory INTEGER NOT NULL, cost REAL NOT NULL, log TEXT NOT NULL,
                log_digest TEXT NOT NULL, verified INTEGER NOT NULL
            , checked INTEGER, code TEXT, tokens INTEGER, money REAL) STRICT;
INSERT INTO "outcomes" VALUES(1,'succeeded','["because\nof 0", ["killed", 0]]',0,0.125,0.0625,1099511627776,1.5,'logs/task-0.log','abababababababababababababababababababababababababababababababab',1,3415324441,'check_failed',1200,0.25);
INSERT INTO "outcomes" VALUES(2,'failed','["because\nof 1", ["killed", 1]]',NULL,0.25,0.0625,1099511627777,1.5,'logs/task-1.log','abababababababababababababababababababababababababababababababab',0,2457682601,'check_failed',1201,0.25);
INSERT INTO "outcomes" VALUES(3,'timed_out','["because\nof 2", ["killed", 2]]',2,0.375,0.0625,1099511627778,1.5,'logs/task-2.log','abababababababababababababababababababababababababababababababab',0,917276869,'check_failed',1202,0.25);
INSERT INTO "outcomes" VALUES(4,'interrupted','["because\nof 3", ["killed", 3]]',NULL,0.5,0.0625,1099511627779,1.5,'logs/task-3.log','abababababababababababababababababababababababababababababababab',0,1899303098,'check_failed',1203,0.25);
INSERT INTO "outcomes" VALUES(5,'failed_verify','["because\nof 4", ["killed", 4]]',4,0.625,0.0625,1099511627780,1.5,'logs/task-4.log','abababababababababababababababababababababababababababababababab',0,994583851,'check_failed',1204,0.25);
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
            , checked INTEGER, code TEXT) STRICT;
INSERT INTO "transitions" VALUES(1,'run-1','täsk/0 ''quoted''','pending','in_progress',1001.0,'[1]',2923647366,'attempt_started');
INSERT INTO "transitions" VALUES(2,'run-1','täsk/0 ''quoted''','in_progress','pending',1002.0,'[2.5]',285156881,'timed_out');
INSERT INTO "transitions" VALUES(3,'run-1','täsk/1 ''quoted''','pending','in_progress',1002.0,'[1]',1156130570,'attempt_started');
INSERT INTO "transitions" VALUES(4,'run-1','täsk/1 ''quoted''','in_progress','in_progress',1003.0,'[2.5]',3472650066,'timed_out');
INSERT INTO "transitions" VALUES(5,'run-1','täsk/2 ''quoted''','pending','in_progress',1003.0,'[1]',1373976319,'attempt_started');
INSERT INTO "transitions" VALUES(6,'run-1','täsk/2 ''quoted''','in_progress','done',1004.0,'[2.5]',213802114,'timed_out');
INSERT INTO "transitions" VALUES(7,'run-1','täsk/3 ''quoted''','pending','in_progress',1004.0,'[1]',1254935635,'attempt_started');
INSERT INTO "transitions" VALUES(8,'run-1','täsk/3 ''quoted''','in_progress','failed',1005.0,'[2.5]',1247332664,'timed_out');
INSERT INTO "transitions" VALUES(9,'run-1','täsk/4 ''quoted''','pending','in_progress',1005.0,'[1]',2323552565,'attempt_started');
INSERT INTO "transitions" VALUES(10,'run-1','täsk/4 ''quoted''','in_progress','cancelled',1006.0,'[2.5]',3898226145,'timed_out');
CREATE INDEX checks_of_task ON checks (task_id, seq);
COMMIT;
PRAGMA user_version = 3;
