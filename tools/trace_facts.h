/*
 * trace_facts.h - the few lines about a trace as a whole: whose it is, from when, how it ended.
 */
#ifndef KIWI_TRACE_FACTS_H
#define KIWI_TRACE_FACTS_H

#include "../analysis/reader.h"

#define FACTS_STATE_SIZE 64

struct trace_facts {
    uint32_t pid, parent;
    const char *executable;       /* base name; belongs to the trace */
    const char *host;             /* "" = not recorded */
    const char *out_name;         /* what out= asked for; "" = not recorded */
    uint64_t started_ns;          /* CLOCK_REALTIME, 0 = not recorded */
    uint64_t duration_ns;         /* until the end, until now, or until the last thing recorded */
    uint64_t disk_bytes;          /* storage the file takes */
    uint64_t dropped;             /* all kinds together */
    bool live;                    /* the process still runs on this machine */
    char state[FACTS_STATE_SIZE]; /* "live", "exit 0", "exec", "stopped", "killed", ... */
};

void trace_facts_read(struct trace_facts *f, const struct trace *t);
#endif
