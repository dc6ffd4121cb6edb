/*
 * readable.h - all memory of the process in which pointers may lie, in the order of its addresses.
 *
 * Read through /proc/self/mem: another thread may unmap what is being read, which then is missing, and no fault. Pages
 * that were never touched, and those of files that nobody has written to, are left out.
 */
#ifndef KIWI_READABLE_H
#define KIWI_READABLE_H

#include "../base/compiler.h"

#include <stddef.h>

#define READABLE_BUFFER (256u << 10)
#define READABLE_LEFT_OUT 4u

struct address_range {
    uintptr_t start, end;
};

struct readable {
    char *buffer;                                     /* READABLE_BUFFER bytes, page-aligned */
    struct address_range left_out[READABLE_LEFT_OUT]; /* shown as zeros, or not at all; empty ones are ignored */
    uint64_t until_ns;                                /* CLOCK_THREAD_CPUTIME_ID: stop then */
    /* bytes: what lies at `at`, 8-aligned; size is a multiple of the page size. code: it can be executed. */
    void (*take)(void *arg, uintptr_t at, const char *bytes, size_t size, bool code);
    void *arg;
};

enum readable_end {
    READABLE_ALL,
    READABLE_LATE,   /* stopped early: out of time */
    READABLE_REFUSED /* /proc cannot be read */
};
enum readable_end readable_each(const struct readable *r);
#endif
