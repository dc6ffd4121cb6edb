/*
 * messages.c - message queues and semaphores of POSIX and System V, which may belong to other processes.
 */
#include "waiting.h"

#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>

#define BY_FLAGS(flags) ((flags)&IPC_NOWAIT ? KIWI_CALLF_NONBLOCKING : KIWI_CALLF_UNTIMED)

/* The descriptor of such a queue is one for fcntl as well. */
ON_DESCRIPTOR(int, mq_send, MQ_SEND, queue, (mqd_t queue, const char *from, size_t size, unsigned priority),
              (queue, from, size, priority))
ON_DESCRIPTOR(ssize_t, mq_receive, MQ_RECEIVE, queue, (mqd_t queue, char *to, size_t size, unsigned *priority),
              (queue, to, size, priority))

#define ON_QUEUE_UNTIL(type, name, kind, parameters, arguments)                                                        \
    EXPORT type name parameters                                                                                        \
    {                                                                                                                  \
        struct call_record c;                                                                                          \
        call_begin_on(&c, thread_enter(), KIWI_CALL_##kind, CALL_SITE(), KIWI_CALLF_TIMED, queue);                     \
        return (type)waiting_ended(&c, (ssize_t)real.name arguments);                                                  \
    }
ON_QUEUE_UNTIL(int, mq_timedsend, MQ_SEND,
               (mqd_t queue, const char *from, size_t size, unsigned priority, const struct timespec *until),
               (queue, from, size, priority, until))
ON_QUEUE_UNTIL(ssize_t, mq_timedreceive, MQ_RECEIVE,
               (mqd_t queue, char *to, size_t size, unsigned *priority, const struct timespec *until),
               (queue, to, size, priority, until))

SETS_ERRNO(int, msgsnd, MSGSND, BY_FLAGS(flags), queue, (int queue, const void *message, size_t size, int flags),
           (queue, message, size, flags))
SETS_ERRNO(ssize_t, msgrcv, MSGRCV, BY_FLAGS(flags), queue,
           (int queue, void *message, size_t size, long kind, int flags), (queue, message, size, kind, flags))

/* That one does not wait says each operation for itself: then it comes back at once, and is not taken to have
 * waited. */
SETS_ERRNO(int, semop, SEMOP, KIWI_CALLF_UNTIMED, set, (int set, struct sembuf *operations, size_t n),
           (set, operations, n))
SETS_ERRNO(int, semtimedop, SEMOP, limit ? KIWI_CALLF_TIMED : KIWI_CALLF_UNTIMED, set,
           (int set, struct sembuf *operations, size_t n, const struct timespec *limit), (set, operations, n, limit))
