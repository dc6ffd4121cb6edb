#include "trace_facts.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A process on another machine can be anything by now. */
static bool is_from_here(const char *host)
{
    char own[256] = "";

    gethostname(own, sizeof own - 1);
    return *host == '\0' || strcmp(host, own) == 0;
}

static void describe_state(struct trace_facts *f, const struct kiwi_header *h)
{
    if (f->live)
        snprintf(f->state, sizeof f->state, "%s", h->recording ? "live" : "live, paused");
    else if (h->end_kind == KIWI_END_EXIT)
        snprintf(f->state, sizeof f->state, "exit %d", h->end_status);
    else if (h->end_kind == KIWI_END_EXEC)
        snprintf(f->state, sizeof f->state, "exec");
    else if (h->end_kind == KIWI_END_STOPPED)
        snprintf(f->state, sizeof f->state, "stopped");
    else if (is_from_here(f->host))
        snprintf(f->state, sizeof f->state, "killed");
    else
        snprintf(f->state, sizeof f->state, "on %s", f->host);
}

static uint64_t find_duration(const struct trace_facts *f, const struct trace *t)
{
    const struct kiwi_header *h = trace_header(t);
    struct timespec now;
    uint64_t now_ns;

    if (!f->live)
        return trace_ns_at(t, h->end_ticks ? h->end_ticks : trace_last_ticks(t));
    clock_gettime(CLOCK_REALTIME, &now);
    now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    return now_ns > f->started_ns ? now_ns - f->started_ns : 0;
}

void trace_facts_read(struct trace_facts *f, const struct trace *t)
{
    const struct kiwi_header *h = trace_header(t);
    const char *slash;
    struct stat s;

    memset(f, 0, sizeof *f);
    f->pid = h->pid;
    f->parent = h->parent_pid;
    f->executable = trace_string(t, h->executable);
    slash = strrchr(f->executable, '/');
    if (slash)
        f->executable = slash + 1;
    f->host = trace_string(t, h->host);
    f->out_name = trace_raw_string(t, h->out_name);
    f->started_ns = h->start_realtime_ns;
    f->live = trace_is_live(t);
    f->duration_ns = find_duration(f, t);
    if (stat(trace_path(t), &s) == 0)
        f->disk_bytes = (uint64_t)s.st_blocks * 512;
    for (unsigned i = 0; i < KIWI_DROP_LIMIT; i++)
        f->dropped += h->dropped[i];
    describe_state(f, h);
}
