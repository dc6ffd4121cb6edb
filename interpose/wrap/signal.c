/*
 * signal.c - handlers of signals that ask the process to end; masks; and calls during which a signal handler is likely
 * to run on this very thread: pausing, and sending signals. Those only mark the thread, as calls that wait do, so that
 * a heap call which comes meanwhile is known to be worth a look at the stack.
 *
 * A handler of SIGTERM, SIGINT or SIGQUIT is called through ours, which notes when the signal came and jumps there:
 * same arguments, same stack. Whoever asks for the handler gets his own. Where that is not known for sure (in a vfork
 * child, which shares this memory but not its handlers) nothing is put in its place.
 */
#include "signal.h"

#include "../base/sys.h"
#include "../process/enter.h"
#include "../process/process.h"
#include "../record/call.h"
#include "../record/handler.h"
#include "../record/let_in.h"
#include "../record/shutdown.h"
#include "../record/waker.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>

int __sigaction(int signal, const struct sigaction *wanted, struct sigaction *old);
sighandler_t bsd_signal(int signal, sighandler_t wanted);
sighandler_t sysv_signal(int signal, sighandler_t wanted);

typedef void handler(int signal, siginfo_t *about, void *context);
#define AS(type, address) ((type)(uintptr_t)(address))

static void came(int signal, enum kiwi_shutdown_how how)
{
    if (shutdown_is_signal(signal) && process_is_recorded())
        shutdown_arrived(signal, how, kiwi_self);
}

void signal_waited(int signal)
{
    came(signal, KIWI_SHUTDOWN_SIGWAIT);
}

void signal_read(const void *records, size_t size)
{
    const struct signalfd_siginfo *r = records;
    for (size_t i = 0; i < size / sizeof *r; i++)
        came((int)r[i].ssi_signo, KIWI_SHUTDOWN_SIGNALFD);
}

/* The kernel passes all three arguments to handlers of any kind. */
static void on_signal(int signal, siginfo_t *about, void *context)
{
    came(signal, KIWI_SHUTDOWN_HANDLER);
    AS(handler *, RELAXED_LOAD(&handler_stand_in.behind[signal]))(signal, about, context);
}

/* Not one of the values that say something else; libc refuses SIG_ERR. */
static bool is_handler(sighandler_t wanted)
{
    return wanted != SIG_DFL && wanted != SIG_IGN && wanted != SIG_HOLD && wanted != SIG_ERR;
}

struct replacing {
    int signal;
    bool ours;     /* the handler to be installed was replaced by ours */
    uintptr_t old; /* what ours has called so far */
};

/* The handler to be installed instead of `wanted`. */
static sighandler_t replace(struct replacing *r, int signal, sighandler_t wanted)
{
    *r = (struct replacing){.signal = signal};
    if (!shutdown_is_signal(signal))
        return wanted;
    r->old = RELAXED_LOAD(&handler_stand_in.behind[signal]);
    if (!is_handler(wanted) || wanted == AS(sighandler_t, on_signal) || !thread_enter())
        return wanted;
    r->ours = true;
    handler_stand_in.address = (uintptr_t)on_signal;
    RELAXED_STORE(&handler_stand_in.behind[signal], (uintptr_t)wanted);
    return AS(sighandler_t, on_signal);
}

/* The handler that was there, as the service knows it. */
static sighandler_t replaced(const struct replacing *r, sighandler_t before)
{
    return before == AS(sighandler_t, on_signal) ? AS(sighandler_t, r->old) : before;
}

/* It can come at any time, and end a wait. */
static void installed(int signal, sighandler_t wanted)
{
    if (is_handler(wanted) && handler_is_meant(signal))
        waker_note(KIWI_WAKER_HANDLER);
}

static void not_replaced(const struct replacing *r)
{
    if (r->ours)
        RELAXED_STORE(&handler_stand_in.behind[r->signal], r->old);
}

typedef int act(int signal, const struct sigaction *wanted, struct sigaction *old);

static int act_by(act *real_act, int signal, const struct sigaction *wanted, struct sigaction *old)
{
    struct replacing r;
    struct sigaction copy;
    sighandler_t handler_now = replace(&r, signal, wanted ? wanted->sa_handler : SIG_DFL);
    if (r.ours) {
        copy = *wanted;
        copy.sa_handler = handler_now;
        wanted = &copy;
    }
    if (wanted)
        installed(signal, wanted->sa_handler);
    int result = real_act(signal, wanted, old);
    if (result)
        not_replaced(&r);
    else if (old && shutdown_is_signal(signal))
        old->sa_handler = replaced(&r, old->sa_handler);
    return result;
}

EXPORT int sigaction(int signal, const struct sigaction *wanted, struct sigaction *old)
{
    real_ensure();
    return act_by(real.sigaction, signal, wanted, old);
}

EXPORT int __sigaction(int signal, const struct sigaction *wanted, struct sigaction *old)
{
    real_ensure();
    return act_by(real.__sigaction, signal, wanted, old);
}

typedef sighandler_t set(int signal, sighandler_t wanted);

static sighandler_t set_by(set *real_set, int signal, sighandler_t wanted)
{
    struct replacing r;
    installed(signal, wanted);
    sighandler_t before = real_set(signal, replace(&r, signal, wanted));
    if (before == SIG_ERR)
        not_replaced(&r);
    return replaced(&r, before);
}

EXPORT sighandler_t signal(int signal, sighandler_t wanted)
{
    real_ensure();
    return set_by(real.signal, signal, wanted);
}

EXPORT sighandler_t bsd_signal(int signal, sighandler_t wanted)
{
    real_ensure();
    return set_by(real.bsd_signal, signal, wanted);
}

EXPORT sighandler_t ssignal(int signal, sighandler_t wanted)
{
    real_ensure();
    return set_by(real.ssignal, signal, wanted);
}

EXPORT sighandler_t sysv_signal(int signal, sighandler_t wanted)
{
    real_ensure();
    return set_by(real.sysv_signal, signal, wanted);
}

EXPORT sighandler_t __sysv_signal(int signal, sighandler_t wanted)
{
    real_ensure();
    return set_by(real.__sysv_signal, signal, wanted);
}

EXPORT sighandler_t sigset(int signal, sighandler_t wanted)
{
    real_ensure();
    return set_by(real.sigset, signal, wanted);
}

struct mark {
    struct thread *t;
    uintptr_t outer;
};

static ALWAYS_INLINE void mark_begin(struct mark *m)
{
    m->t = thread_enter();
    if (!m->t)
        return;
    m->outer = m->t->inside;
    m->t->inside = (uintptr_t)m;
}

/* A fork in the handler may have wiped the thread's state. */
static ALWAYS_INLINE void mark_end(const struct mark *m)
{
    if (m->t && m->t->guard == GUARD_IDLE)
        m->t->inside = m->outer;
}

/* Masks: only to know which signals the thread lets in just before it waits (let_in.h). */

typedef int set_mask(int how, const sigset_t *wanted, sigset_t *old);

static uint64_t signals_of(const sigset_t *signals)
{
    return *(const uint64_t *)(const void *)signals; /* glibc reads as much of it, and the kernel no more */
}

/* Those that are open after such a call. */
static uint64_t open_after(int how, uint64_t wanted, uint64_t before)
{
    return how == SIG_SETMASK ? ~wanted : how == SIG_UNBLOCK ? wanted | ~before : 0;
}

static int mask_by(set_mask *real_set, int how, const sigset_t *wanted, sigset_t *old)
{
    struct mark m;
    struct let_in_call c;
    sigset_t before;
    uint64_t signals = signals_of(wanted);
    mark_begin(&m);
    if (!m.t)
        return real_set(how, wanted, old);
    let_in_begin(m.t, &c, (uintptr_t)&m, open_after(how, signals, ~0ull));
    int result = real_set(how, wanted, old ? old : &before);
    uint64_t blocked = result ? 0 : signals_of(old ? old : &before);
    mark_end(&m);
    if (m.t->guard == GUARD_IDLE)
        let_in_end(m.t, &c, open_after(how, signals, blocked) & blocked);
    return result;
}

EXPORT int sigprocmask(int how, const sigset_t *wanted, sigset_t *old)
{
    real_ensure();
    return wanted && how != SIG_BLOCK ? mask_by(real.sigprocmask, how, wanted, old)
                                      : real.sigprocmask(how, wanted, old);
}

EXPORT int pthread_sigmask(int how, const sigset_t *wanted, sigset_t *old)
{
    real_ensure();
    return wanted && how != SIG_BLOCK ? mask_by(real.pthread_sigmask, how, wanted, old)
                                      : real.pthread_sigmask(how, wanted, old);
}

/* A handler that is done sets the default again, and lets the signal do the rest. */
static void may_give_in(int signal)
{
    struct sigaction now;
    if (shutdown_is_signal(signal) && process_is_recorded() && RELAXED_LOAD(&memory.shutdown_arrivals) &&
        !real.sigaction(signal, NULL, &now) && now.sa_handler == SIG_DFL)
        shutdown_gives_in();
}

EXPORT int kill(pid_t pid, int signal)
{
    struct mark m;
    mark_begin(&m);
    if (shutdown_is_signal(signal) && pid == sys_getpid())
        may_give_in(signal);
    int result = real.kill(pid, signal);
    mark_end(&m);
    return result;
}

EXPORT int raise(int signal)
{
    struct mark m;
    mark_begin(&m);
    may_give_in(signal);
    int result = real.raise(signal);
    mark_end(&m);
    return result;
}

EXPORT int pthread_kill(pthread_t id, int signal)
{
    struct mark m;
    mark_begin(&m);
    int result = real.pthread_kill(id, signal);
    mark_end(&m);
    return result;
}

EXPORT int pause(void)
{
    struct mark m;
    struct call_record c;
    mark_begin(&m); /* also where calls are not recorded */
    call_begin(&c, m.t, KIWI_CALL_PAUSE, CALL_SITE(), KIWI_CALLF_UNTIMED, 0);
    int result = real.pause();
    call_end(&c, errno, 0);
    mark_end(&m);
    return result;
}
