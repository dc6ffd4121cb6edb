/*
 * misuse.h - wrong use of one lock, as recorded by the wrapper while it happened: what the parts of that detector
 * share.
 *
 * Incidents of one kind at one place with locks of one class are a group, and a group is a finding.
 */
#ifndef KIWI_DETECT_MISUSE_H
#define KIWI_DETECT_MISUSE_H

#include "../finding.h"

#define RESULT_UNKNOWN UINT32_MAX /* the real call never returned */
#define STACKS_MAX 3u             /* other call paths shown */

struct incident {
    uint32_t kind; /* enum kiwi_misuse_kind */
    uint32_t object, stack;
    uint32_t thread;       /* row, 0 = not known any more */
    uint32_t other_thread; /* who held it, waited or destroyed it, likewise */
    uint32_t other_stack;  /* where that was, 0 = not known */
    uint32_t other_name;   /* string: the other thread, of another process */
    uint32_t result;
    uint64_t count, first_ticks, last_ticks;
};

struct misuse_group {
    uint64_t key;
    struct incident first; /* stands for all; count and times are sums */
    uint32_t objects[STACKS_MAX], stacks[STACKS_MAX];
    uint32_t object_count, stack_count;
};

/* misuse_rules.c: whether a recorded row is a finding, by what came after it. */
bool misuse_counts(const struct model *m, const struct kiwi_misuse *r);

/* misuse_report.c */
bool misuse_has_wording(uint32_t kind); /* a kind without is left to the detector that has one */
int misuse_report(struct model *m, const struct misuse_group *g, struct finding_list *list); /* -1: out of memory */
int misuse_finding(uint32_t kind);                                                           /* finding id, or -1 */
#endif
