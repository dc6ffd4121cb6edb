#include "calls.h"
#include "../call_kinds.h"

#include <errno.h>
#include <string.h>

#define ATTEMPTS_LEAST 200u
#define RATE_LEAST 200.0          /* attempts a second */
#define LASTS_NS (100u * 1000000) /* the streak lasts at least so long */
#define SPIN_ATTEMPTS 10000u
#define SPIN_NS (150u * 1000000)

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

bool calls_is_spin(const struct kiwi_failure *r)
{
    return r->flags & KIWI_FAILURE_SPIN;
}

/* An answer and no error: whether something of a name is there, asked once for each request (a flag that turns the
 * service off, a file that may override another one, a directory that has to be there), or whether it is a link. */
static bool asks_for_a_name(const struct kiwi_failure *r)
{
    if (r->kind == KIWI_CALL_READLINK && r->error == EINVAL)
        return true;
    if (call_kind_group(r->kind) != KIWI_GROUP_PATH && r->kind != KIWI_CALL_OPEN)
        return false;
    return (r->error == ENOENT || r->error == EEXIST || r->error == ENOTDIR || r->error == ENOTEMPTY) &&
           (uint64_t)r->worked * 2 > r->attempts;
}

bool calls_is_error_loop(const struct trace *t, const struct kiwi_failure *r)
{
    uint64_t ns = calls_streak_ns(t, r);

    if (r->flags & KIWI_FAILURE_BAD_DESCRIPTOR)
        return false; /* its streak has a row of its own */
    if (calls_is_spin(r))
        return r->attempts >= SPIN_ATTEMPTS && ns >= SPIN_NS;
    return !calls_is_about_peer(r) && !asks_for_a_name(r) && r->attempts >= ATTEMPTS_LEAST && ns >= LASTS_NS &&
           calls_streak_rate(t, r) >= RATE_LEAST;
}

bool calls_is_same_use(const struct kiwi_failure *r, const struct kiwi_failure *bad)
{
    return (bad->flags & KIWI_FAILURE_BAD_DESCRIPTOR) && r != bad && r->error == EBADF && r->kind == bad->kind &&
           r->stack == bad->stack;
}
