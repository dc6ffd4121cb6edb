/*
 * target.h - can this command be recorded, and if not, why? Answered before it runs, from its file alone.
 *
 *     struct target t;
 *     target_inspect(&t, "memcached");
 *     if (t.verdict != TARGET_RECORDABLE) message("%s", t.reason);
 */
#ifndef KIWI_TARGET_H
#define KIWI_TARGET_H

#include <limits.h>

enum target_verdict {
    TARGET_RECORDABLE,
    TARGET_NOT_FOUND,
    TARGET_NOT_EXECUTABLE,
    TARGET_UNRECORDABLE, /* it would run, but the loader would not let libkiwi.so in */
};

struct target {
    enum target_verdict verdict;
    char path[PATH_MAX];       /* what the kernel will execute; for scripts the script */
    char reason[2 * PATH_MAX]; /* one line if not recordable */
    char sanitizer[64]; /* soname of a sanitizer runtime that it is linked with and that must be loaded first, or "" */
};

/* command: a path, or a name to be looked up in PATH as execvp does. */
void target_inspect(struct target *t, const char *command);
#endif
