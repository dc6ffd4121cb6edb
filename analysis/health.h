/*
 * health.h - how far a review can be trusted: what was recorded, what was lost, what could not be seen.
 *
 * Part of struct review; made by health_make() from the models alone.
 */
#ifndef KIWI_HEALTH_H
#define KIWI_HEALTH_H

#include "model.h"

enum health_end {
    HEALTH_ENDED_WELL, /* exit status 0 */
    HEALTH_ENDED_ILL,  /* another exit status */
    HEALTH_EXEC,       /* replaced itself */
    HEALTH_KILLED,     /* or crashed */
    HEALTH_RUNNING,
    HEALTH_STOPPED, /* recording ended before the process did */
    HEALTH_END_COUNT
};

struct health_process {
    uint32_t pid, parent;
    const char *executable, *host, *trace; /* borrowed from the trace; "" = unknown */
    const struct trace *recording;         /* borrowed from the model */
    uint64_t started_ns, ended_ns;         /* CLOCK_REALTIME; ended 0 = still running, or not known */
    uint64_t recorded_ns;                  /* how long */
    unsigned threads;                      /* that were recorded */
    enum health_end end;
    int32_t exit_status; /* if it exited */
    bool lockless;       /* no lock operation was seen */
    bool lossy;          /* something that findings rest on is missing: they are less sure */
    bool partial;        /* of its trace only a part could be read */
};

struct health_lines {
    char **items;
    unsigned count;
};

struct health {
    struct health_process *processes;
    unsigned process_count;
    uint64_t dropped[KIWI_DROP_LIMIT]; /* summed over the traces, index = enum kiwi_drop */
    struct health_lines notes;         /* what is known about the recording, and what would show more */
    struct health_lines unseen;        /* what could not be seen */
};

const char *health_drop_name(enum kiwi_drop kind); /* "acquisitions" */
const char *health_drop_text(enum kiwi_drop kind); /* "lock acquisition behaviours" */

int health_make(struct health *h, struct model **models, unsigned count); /* -1 when out of memory */
int health_note(struct health_lines *lines, const char *format, ...)
        __attribute__((format(printf, 2, 3))); /* -1 likewise */
void health_release(struct health *h);
#endif
