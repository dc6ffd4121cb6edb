/*
 * waiting.h - wrappers that do nothing but tell that a call began and ended.
 *
 *     ON_DESCRIPTOR(ssize_t, pread, PREAD, fd, (int fd, void *to, size_t size, off_t at), (fd, to, size, at))
 *     SETS_ERRNO(int, flock, FLOCK, how & LOCK_NB ? KIWI_CALLF_NONBLOCKING : KIWI_CALLF_UNTIMED, fd, (int fd, int how),
 *                (fd, how))
 *
 * Each row becomes one plain exported function: the call's own parameters, its own result, its own errno. What differs
 * is how a failure shows: -1 and errno, an error number as the result, NULL, or not at all.
 */
#ifndef KIWI_WRAP_WAITING_H
#define KIWI_WRAP_WAITING_H

#include "../process/enter.h"
#include "../record/call.h"

#include <errno.h>

static ALWAYS_INLINE ssize_t waiting_ended(struct call_record *c, ssize_t result)
{
    call_end(c, result < 0 ? errno : 0, result > 0 ? (uint64_t)result : 0);
    return result;
}

static ALWAYS_INLINE int waiting_ended_with(struct call_record *c, int error)
{
    call_end(c, error, 0);
    return error;
}

/* For calls that are many, quick, and of interest only where they hold somebody up: the thread holds a lock, or serves
 * an event loop. */
static ALWAYS_INLINE struct thread *waiting_urgent(void)
{
    struct thread *t = thread_enter();
    return t && (t->slot->held_count || t->tick_loop) ? t : NULL;
}

#define WAITING_RECORD(thread, kind, flags, object)                                                                    \
    struct call_record c;                                                                                              \
    call_begin(&c, thread, KIWI_CALL_##kind, CALL_SITE(), flags, (uint64_t)(object))

/*
 * On a descriptor: -1 and errno, or bytes. A call on one that does not block is not timed, and most need no record:
 * those are all that the exported function does itself, with hardly a register to save, since servers make several for
 * each request. The rest is in name_recorded, which takes the call site as two words behind its parameters.
 */
#define WAITING_LIST(...) __VA_ARGS__
#define WAITING_RECORDED(type, name, kind, flags, fd, parameters, arguments)                                           \
    static NOINLINE type name##_recorded(WAITING_LIST parameters, uintptr_t sp_, uintptr_t rbp_)                       \
    {                                                                                                                  \
        struct call_record c;                                                                                          \
        struct call_site site = {sp_, rbp_};                                                                           \
        call_begin_on(&c, thread_enter(), KIWI_CALL_##kind, site, flags, fd);                                          \
        return (type)waiting_ended(&c, (ssize_t)real.name arguments);                                                  \
    }
#define WAITING_ON(type, name, kind, fd, arguments)                                                                    \
    ({                                                                                                                 \
        struct thread *thread_ = kiwi_self;                                                                            \
        type result_;                                                                                                  \
        if (likely(thread_->guard == GUARD_IDLE && call_passes(thread_, fd))) {                                        \
            result_ = real.name arguments;                                                                             \
            if (unlikely(call_is_told(thread_, result_)))                                                              \
                call_passed(thread_, KIWI_CALL_##kind, CALL_SITE(), fd, result_ < 0 ? errno : 0);                      \
        } else {                                                                                                       \
            struct call_site site_ = CALL_SITE();                                                                      \
            result_ = name##_recorded(WAITING_LIST arguments, site_.sp, site_.rbp);                                    \
        }                                                                                                              \
        result_;                                                                                                       \
    })
#define ON_DESCRIPTOR_BY(type, name, kind, flags, fd, parameters, arguments)                                           \
    WAITING_RECORDED(type, name, kind, flags, fd, parameters, arguments)                                               \
    EXPORT type name parameters                                                                                        \
    {                                                                                                                  \
        return WAITING_ON(type, name, kind, fd, arguments);                                                            \
    }
#define ON_DESCRIPTOR(type, name, kind, fd, parameters, arguments)                                                     \
    ON_DESCRIPTOR_BY(type, name, kind, 0, fd, parameters, arguments)

/* -1 and errno. */
#define SETS_ERRNO(type, name, kind, flags, object, parameters, arguments)                                             \
    EXPORT type name parameters                                                                                        \
    {                                                                                                                  \
        WAITING_RECORD(thread_enter(), kind, flags, object);                                                           \
        type result = real.name arguments;                                                                             \
        call_end(&c, result == (type)-1 ? errno : 0, 0);                                                               \
        return result;                                                                                                 \
    }

/* The result is the error number, 0 = none. */
#define RETURNS_ERROR(name, kind, flags, object, parameters, arguments)                                                \
    EXPORT int name parameters                                                                                         \
    {                                                                                                                  \
        WAITING_RECORD(thread_enter(), kind, flags, object);                                                           \
        return waiting_ended_with(&c, real.name arguments);                                                            \
    }

/* A failure is no errno value, or none that is certain to be one. */
#define RETURNS_OTHER(type, name, kind, parameters, arguments)                                                         \
    EXPORT type name parameters                                                                                        \
    {                                                                                                                  \
        WAITING_RECORD(thread_enter(), kind, 0, 0);                                                                    \
        type result = real.name arguments;                                                                             \
        call_end(&c, 0, 0);                                                                                            \
        return result;                                                                                                 \
    }

#define RETURNS_OTHER_URGENT(type, name, kind, parameters, arguments)                                                  \
    EXPORT type name parameters                                                                                        \
    {                                                                                                                  \
        WAITING_RECORD(waiting_urgent(), kind, 0, 0);                                                                  \
        type result = real.name arguments;                                                                             \
        call_end(&c, 0, 0);                                                                                            \
        return result;                                                                                                 \
    }
#endif
