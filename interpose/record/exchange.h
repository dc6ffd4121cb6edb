/*
 * exchange.h - requests and answers on connections: who asked, whether an answer is due, and how many exchanges follow
 * each other.
 *
 * Only of stream sockets that were dialled or accepted, and only while calls on them may block: those are timed anyway.
 * Of sockets that keep messages apart only what asks and answers: one that asks before it is asked has dialled.
 * An exchange is a send followed by a receive on the same descriptor. A burst is exchanges of one thread on one
 * connection that it dialled, with no wait for anything else and no other call on a descriptor in between.
 *
 * Of a TCP connection that does not block, a thread that waits for its answers polls it alone. Whether something was
 * sent between two such waits the kernel knows, which counts segments with data.
 */
#ifndef KIWI_EXCHANGE_H
#define KIWI_EXCHANGE_H

#include "descriptor.h"

struct exchange_facts {
    uint64_t begin, end; /* ticks */
    uint64_t bytes;      /* 0 = end of file */
};

/* A call on a followed descriptor went well. With the thread's guard set. */
void exchange_note(struct thread *t, int fd, struct kiwi_call *call, const struct exchange_facts *facts);
struct exchange_wait {
    uint64_t begin, end; /* ticks */
    uint64_t blocked;    /* what it added to the thread's blocked_ticks */
};

/* A wait for this descriptor alone has ended, with something to read. With the guard set. */
void exchange_polled(struct thread *t, int fd, uint32_t stack, const struct exchange_wait *wait);
/* A thread sends on a followed descriptor by a call that does not block, as far as such calls are looked at. */
void exchange_sends(const struct thread *t, int fd, uint32_t kind);
/* Something was put into the buffer of a stream on a followed descriptor, to be sent when the C library thinks fit. */
void exchange_asks(const struct thread *t, int fd);
enum exchange_direction { EXCHANGE_NEITHER, EXCHANGE_SENDS, EXCHANGE_RECEIVES };
/* Of a call, by its kind. */
enum exchange_direction exchange_direction(uint32_t kind);
/* The thread ends, or waits for something else: what goes on is over. */
void exchange_end(struct thread *t);
#endif
