/*
 * misuse_wording.h - what to say about each kind of misuse.
 */
#ifndef KIWI_MISUSE_WORDING_H
#define KIWI_MISUSE_WORDING_H

#include "../finding.h"

/* %s in title, why, fix, label and other_label: the lock. In deed: the thread, and the place. */
struct misuse_wording {
    enum severity severity;
    const char *title, *why, *fix;
    const char *label; /* of the first stack */
    const char *deed;
    const char *other_label; /* of the other thread's stack */
    const char *other_deed;  /* of the other thread: thread, place */
};

/* NULL for a kind that is left to another detector. */
const struct misuse_wording *misuse_wording(uint32_t kind);
#endif
