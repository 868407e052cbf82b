#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
extern char **environ;
int main(int argc, char **argv) {
    int left = atoi(argv[1]), slots = atoi(argv[2]), running = 0, number = 0;
    char *words[] = {"true", 0}, path[4096];
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    while (left || running) {
        if (left && running < slots) {
            snprintf(path, sizeof path, "%s/%d.log", argv[3], number++);
            int log = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
            posix_spawn_file_actions_t actions;
            posix_spawn_file_actions_init(&actions);
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
            posix_spawn_file_actions_adddup2(&actions, log, 1);
            posix_spawn_file_actions_adddup2(&actions, log, 2);
            pid_t pid;
            if (posix_spawnp(&pid, "true", &actions, &attributes, words, environ)) return 1;
            posix_spawn_file_actions_destroy(&actions);
            close(log);
            left--, running++;
        } else {
            wait(0);
            running--;
        }
    }
}
