/*
 * once.c - pthread_once: the first caller runs the function, and whoever comes meanwhile waits for its end.
 *
 * So the control is held like a lock while its function runs, and wanted like one by the others, who do not get it
 * then. A control whose function has returned is nobody's any more, and a call for it is over after one load.
 *
 * An exception or a cancellation leaves the function without this file's knowing: a handler for it would need a
 * personality routine, which could bind to the wrong unwinder. Instead the hold notes a word on the stack that is there
 * as long as the function runs (in `since`, which means nothing else without KIWI_HELD_TIMED).
 */
#include "once.h"

#include "../record/handover.h"
#include "lock.h"

#include <string.h>

#define ONCE_IN_PROGRESS 1 /* glibc's nptl/pthread_once.c; above these two bits, how often the process was forked */
#define ONCE_DONE 2

#define ONCE_KIND (ACQUISITION_OBJECT(KIWI_OBJECT_ONCE) | ACQUISITION_KIND(KIWI_MODE_WRITE, KIWI_HOW_LOCK))

struct once {
    struct thread *t;
    pthread_once_t *control;
    void (*function)(void);
    uint32_t word, row;
    uint64_t since; /* ticks when the wait for another thread's function began, 0 = none */
    uint32_t holder;
};

/* The call that glibc is about to run the function of; it gives no argument. */
static __thread struct once *pending;

static int state_of(const pthread_once_t *control)
{
    return RELAXED_LOAD(control) & (ONCE_IN_PROGRESS | ONCE_DONE);
}

static uintptr_t sign_of_life(uintptr_t control)
{
    return control ^ (uintptr_t)0x6f6e636500000001u;
}

bool once_let_go(const struct thread *t, const struct kiwi_held *held)
{
    uintptr_t sign = (uintptr_t)held->since, here = (uintptr_t)__builtin_frame_address(0);
    if (lock_memory_gone(held->address) || state_of((const pthread_once_t *)held->address) != ONCE_IN_PROGRESS)
        return true;
    if (sign < t->stack_low || sign >= t->stack_high || here < t->stack_low || here >= t->stack_high)
        return !sign; /* a stack of its own, which may be gone */
    return sign < here || *(const uintptr_t *)sign != sign_of_life(held->address);
}

static void waited(struct once *o)
{
    if (o->since)
        acquisition_wait_end(o->t, o->row, o->since, o->holder);
    o->since = 0;
}

/*
 * libstdc++ keeps a promise, and sets the result of a packaged task, inside std::call_once on a control in their shared
 * state. That it is ready is stored after the function, without a call, and whoever finds it ready makes none either.
 * What kind of state it is shows in its type's name, which lies with the virtual table:
 *
 *     struct state { void *vtable; void *result; unsigned status; bool retrieved; pthread_once_t control; };
 *
 * That of std::async is left out: who asks for its result joins the thread.
 */
#define STATE_CONTROL 24 /* offset; libstdc++'s ABI since GCC 5 */
static const char *const promises[] = {"NSt13__future_base13_State_baseV2E", "NSt13__future_base11_Task_state"};

/* The word at an address, 0 = it can not be read. */
static uintptr_t word_at(uintptr_t address)
{
    return address % sizeof address == 0 && sys_readable(address) ? *(const uintptr_t *)address : 0;
}

static bool begins_with(uintptr_t text, const char *beginning)
{
    size_t length = strlen(beginning);
    return sys_readable(text + length) && strncmp((const char *)text, beginning, length) == 0;
}

static bool keeps_promise(uintptr_t control)
{
    uintptr_t vtable = word_at(control - STATE_CONTROL), type = vtable ? word_at(vtable - sizeof vtable) : 0;
    uintptr_t name = type ? word_at(type + sizeof type) : 0;
    if (!name || !sys_readable(name))
        return false;
    name += *(const char *)name == '*'; /* a type that only its own file knows */
    for (unsigned i = 0; i < sizeof promises / sizeof *promises; i++)
        if (begins_with(name, promises[i]))
            return true;
    return false;
}

/* Stands for the function in the real call. */
static void run(void)
{
    struct once *o = pending;
    volatile uintptr_t sign = sign_of_life((uintptr_t)o->control);
    struct thread *t = o->t;
    bool recorded = t->guard == GUARD_IDLE;
    if (recorded) {
        guard_set(t);
        waited(o);
        if (acquisition_taking(t, (uintptr_t)o->control, o->word, o->row)) {
            t->held[t->slot->held_count].since = (uintptr_t)&sign;
            acquisition_taken(t);
            if (o->row)
                RELAXED_ADD(&region_acquisition(o->row)->count, 1);
        }
        guard_clear(t);
    }
    uintptr_t control = (uintptr_t)o->control;
    o->function();
    sign = 0;
    if (recorded && t->guard == GUARD_IDLE) {
        guard_set(t);
        lock_release(t, control);
        acquisition_want(t, KIWI_WANT_NONE);
        if (!region.frozen && handover_publishes(t) && keeps_promise(control))
            handover_publish(t);
        guard_clear(t);
    }
}

static int real_once(const struct lock_call *c)
{
    return real.pthread_once((pthread_once_t *)c->address, pending->function);
}

/* The index of the control on the held array, or -1. */
static int held_still(struct thread *t, const pthread_once_t *control)
{
    int at = acquisition_held(t, (uintptr_t)control);
    if (at < 0 || !once_let_go(t, &t->held[at]))
        return at;
    acquisition_released(t, at);
    acquisition_want(t, KIWI_WANT_NONE);
    return -1;
}

static int call_recorded(struct once *o, struct call_site site)
{
    struct thread *t = o->t;
    struct lock_request q;
    int at = held_still(t, o->control);
    if (at >= 0) { /* called by its own function */
        struct lock_call c = {
                .t = t, .address = (uintptr_t)o->control, .site = site, .kind = ONCE_KIND, .call = real_once};
        return lock_self_wait(&c, at);
    }
    lock_request(&q, t, (uintptr_t)o->control, site, ONCE_KIND, false);
    o->word = q.word;
    o->row = lock_instance_row(&q);
    if (state_of(o->control) == ONCE_IN_PROGRESS) {
        struct misuse_holder h;
        o->holder = misuse_find_holder((uintptr_t)o->control, &h) ? h.t->slot->thread : 0;
        o->since = acquisition_wait_begin(t, o->row, KIWI_WANT_WAITING, o->holder);
    }
    guard_clear(t);
    int result = real.pthread_once(o->control, run);
    if (t->guard != GUARD_IDLE)
        return result;
    guard_set(t);
    waited(o);
    acquisition_want(t, KIWI_WANT_NONE);
    guard_clear(t);
    return result;
}

int once_call(pthread_once_t *control, void (*function)(void), struct call_site site)
{
    struct thread *t = thread_enter();
    if (!t || record_settings.locks_off || state_of(control) == ONCE_DONE)
        return real.pthread_once(control, function);
    struct once o = {.t = t, .control = control, .function = function}, *outer = pending;
    guard_set(t);
    pending = &o;
    int result = call_recorded(&o, site);
    pending = outer;
    return result;
}

EXPORT int pthread_once(pthread_once_t *control, void (*function)(void))
{
    return once_call(control, function, CALL_SITE());
}
