/*
 * output.h - where the trace goes: names, tmpfs or disk, limits, and the mapping.
 */
#ifndef KIWI_OUTPUT_H
#define KIWI_OUTPUT_H

#include "../base/options.h"

#define OUTPUT_PATH 4096

struct output_request {
    const char *pattern; /* absolute out= pattern */
    struct options_names names;
    uint64_t size; /* bytes at most */
    bool child;    /* a pattern without %p gets .PID */
};

struct output {
    char name[OUTPUT_PATH];  /* what out= asked for */
    char place[OUTPUT_PATH]; /* where the trace lies: the same, or a file on tmpfs to which `name` links */
    void *base;
    size_t size;
};

/* Creates and maps the file and lays out an empty trace in it (region is ready then). On failure returns false and one
 * line for people in error. Every descriptor it opened is closed again. */
bool output_open(struct output *o, const struct output_request *r, char *error, size_t error_size);

/* Nothing can be recorded after all: leaves neither file nor mapping behind. */
void output_discard(struct output *o);

/*
 * The process ends: a trace on tmpfs takes the place of the link to it, so that nothing stays behind in memory. The
 * mapping stays as it was, and may be settled again. If that can not be done (disk full, directory out of sight, rights
 * given up) the link stays. Async-signal-safe; other threads may go on recording meanwhile.
 */
void output_settle(const struct output *o);

/* It has not ended after all: what was put in place of the link says so, and is replaced when it does end. */
void output_goes_on(const struct output *o);
#endif
