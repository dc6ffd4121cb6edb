/*
 * thread_dump.h - prints what all threads of a trace do, hold and wait for.
 */
#ifndef KIWI_THREAD_DUMP_H
#define KIWI_THREAD_DUMP_H

#include "trace_facts.h"

#include "../analysis/model.h"

#include <stdio.h>

struct thread_dump {
    struct model *model;
    struct trace_facts facts;
    unsigned frames; /* of each stack, 0 = all */
    unsigned events; /* of each thread, latest first */
    bool ended;      /* show threads that have ended, too */
    bool all;        /* text only: show each thread, though others do the same */
};

/* Both return 0, or -1 with errno when memory ran out or writing failed. */
int thread_dump_text(const struct thread_dump *d, FILE *out);
int thread_dump_json(const struct thread_dump *d, FILE *out);
#endif
