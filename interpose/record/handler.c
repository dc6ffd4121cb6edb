#include "handler.h"

#include "../base/sys.h"

#include <signal.h>
#include <ucontext.h>

#define BIT(signal) (1ull << ((signal)-1))
#define NODEFER 0x40000000ul /* SA_NODEFER of the kernel */

/* Faults, and the two signals that the C library keeps for itself. */
#define NOT_MEANT                                                                                                      \
    (BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGSYS) | BIT(SIGABRT) | BIT(32) |    \
     BIT(33))

struct handler_stand_in handler_stand_in;

bool handler_is_meant(int signal)
{
    return signal > 0 && signal < HANDLER_SIGNALS && !(BIT(signal) & NOT_MEANT);
}

struct kernel_action {
    uintptr_t handler;
    unsigned long flags;
    uintptr_t restorer;
    uint64_t mask;
};

/* Which of these signals have this handler, and these flags, too. */
static uint64_t handled_by(uintptr_t start, uint64_t signals, unsigned long flags)
{
    uint64_t found = 0;
    for (; start && signals; signals &= signals - 1) {
        int s = __builtin_ctzll(signals) + 1;
        struct kernel_action a;
        if (sys_failed(sys_call6(SYS_rt_sigaction, s, 0, (long)&a, sizeof a.mask, 0, 0)))
            continue;
        if (a.handler == handler_stand_in.address)
            a.handler = RELAXED_LOAD(&handler_stand_in.behind[s]);
        if (a.handler == start && (a.flags & flags) == flags)
            found |= BIT(s);
    }
    return found;
}

static uint64_t blocked_now(void)
{
    uint64_t mask = 0;
    sys_call6(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&mask, sizeof mask, 0, 0);
    return mask;
}

/* The signals, one usually, of which one has come. A handler's signal is blocked while it runs, unless it may come
 * again at once. One that was blocked before it came was let in by the call that the thread waits in: it is none of
 * these. */
static uint64_t signals_come(uintptr_t start, uint64_t before)
{
    uint64_t added = blocked_now() & ~before, found = handled_by(start, added, 0);
    if (!found)
        found = handled_by(start, ~before & ~added, NODEFER);
    if (found || handled_by(start, before, 0))
        return found;
    return added; /* it left for another function, or is not installed any more */
}

uint64_t handler_interrupts(const void *context, uintptr_t start)
{
    uint64_t came = signals_come(start, ((const ucontext_t *)context)->uc_sigmask.__val[0]);
    return came & NOT_MEANT ? 0 : came;
}
