/*
 * queue.h - an unbounded queue of pointers between one thread that reads requests and the workers that answer them.
 * All functions may be called by any thread, queue_release() last.
 */
#ifndef SERVICE_QUEUE_H
#define SERVICE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    bool closed;
    struct queue_item *first, **last;
};

void queue_init(struct queue *queue);
void queue_release(struct queue *queue); /* drops what is left */

/* False without memory. */
bool queue_push(struct queue *queue, void *what);

/* Waits. NULL once the queue is closed and empty. */
void *queue_pop(struct queue *queue);

/* No more pushes; pops get what is left. */
void queue_close(struct queue *queue);

#endif
