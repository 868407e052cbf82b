/* meter LIMIT RESULT COMMAND...: run a command and write "wall cpu peak exit" to RESULT: seconds, seconds, KiB, exit code.

   Small on purpose: a process that is forked from a large one counts the large one's memory as its own peak. What the
   command leaves behind is adopted, waited for and counted. After LIMIT seconds everything is ended, and exit is 124. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec moment;
    clock_gettime(CLOCK_MONOTONIC, &moment);
    return moment.tv_sec + moment.tv_nsec / 1e9;
}

static double seconds(struct timeval time) { return time.tv_sec + time.tv_usec / 1e6; }

static volatile sig_atomic_t leader, alarms;

static void over(int number) {
    (void)number;
    kill(alarms ? -leader : leader, alarms ? SIGKILL : SIGTERM);
    alarms++;
    alarm(5);
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    double begun = now(), wall = 0, cpu = 0;
    long peak = 0;
    int exit_code = 127, status;
    leader = fork();
    if (leader == 0) {
        setsid();
        execvp(argv[3], argv + 3);
        _exit(127);
    }
    struct sigaction action = {.sa_handler = over};
    sigaction(SIGALRM, &action, 0);
    alarm((unsigned)atoi(argv[1]));
    for (;;) {
        struct rusage usage;
        pid_t pid = wait4(-1, &status, 0, &usage);
        if (pid < 0 && errno == EINTR && alarms < 3) continue;
        if (pid < 0) break;
        cpu += seconds(usage.ru_utime) + seconds(usage.ru_stime);
        if (usage.ru_maxrss > peak) peak = usage.ru_maxrss;
        if (pid != leader) continue;
        wall = now() - begun;
        exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (alarms) exit_code = 124;
        alarms = 1;
        alarm(5);
    }
    FILE *result = fopen(argv[2], "w");
    fprintf(result, "%.6f %.6f %ld %d\n", wall, cpu, peak, exit_code);
    return fclose(result) != 0;
}
