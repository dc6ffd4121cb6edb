/*
 * child.h - runs a command as a transparent child: same process group, terminal, descriptors, signal dispositions and
 * environment as kiwi's own; signals sent to kiwi reach it; when it stops, kiwi stops.
 */
#ifndef KIWI_CHILD_H
#define KIWI_CHILD_H

#include <sys/types.h>

struct child {
    pid_t pid;      /* 0 = it never ran */
    int exec_error; /* errno of execvp, 0 = it ran */
    int status;     /* exit status as a shell gives it: its own, or 128+n for a signal n */
};

/* Returns 0, or -1 after a message when no process could be made. */
int child_run(struct child *c, char **argv);
#endif
