/*
 * problems.h - what is wrong with a trace, one line each, for people. Bounded: a wrecked file does not fill the screen.
 */
#ifndef KIWI_PROBLEMS_H
#define KIWI_PROBLEMS_H

#include "arena.h"

#define PROBLEMS_MAX 64

struct problems {
    struct arena texts;
    const char *lines[PROBLEMS_MAX];
    unsigned count;
    unsigned holes; /* how many of them mean that rows are missing */
};

/* Past PROBLEMS_MAX the last line says that there are more. */
void problems_add(struct problems *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void problems_hole(struct problems *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void problems_release(struct problems *p);
#endif
