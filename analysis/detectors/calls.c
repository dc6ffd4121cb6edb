#include "calls.h"
#include "../call_kinds.h"

#include <errno.h>
#include <string.h>

const char *calls_errno(uint32_t error)
{
    const char *name = error < 4096 ? strerrorname_np((int)error) : NULL;

    return name ? name : "an error";
}

bool calls_is_about_peer(const struct kiwi_failure *r)
{
    switch (r->error) {
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
    case ETIMEDOUT:
        return true;
    default:
        return r->peer != 0;
    }
}

uint64_t calls_streak_ns(const struct trace *t, const struct kiwi_failure *r)
{
    return r->end_ticks > r->begin_ticks ? trace_ns(t, r->end_ticks - r->begin_ticks) : 0;
}

double calls_streak_rate(const struct trace *t, const struct kiwi_failure *r)
{
    uint64_t ns = calls_streak_ns(t, r);

    return ns ? (double)r->attempts * 1e9 / (double)ns : 0;
}
