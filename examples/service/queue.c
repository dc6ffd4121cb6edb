#include "queue.h"

#include <stdlib.h>

struct queue_item {
    struct queue_item *next;
    void *what;
};

void queue_init(struct queue *queue)
{
    *queue = (struct queue){.last = &queue->first};
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->filled, NULL);
}

void queue_release(struct queue *queue)
{
    while (queue->first) {
        struct queue_item *item = queue->first;
        queue->first = item->next;
        free(item);
    }
    pthread_cond_destroy(&queue->filled);
    pthread_mutex_destroy(&queue->lock);
}

bool queue_push(struct queue *queue, void *what)
{
    struct queue_item *item = malloc(sizeof *item);
    if (!item)
        return false;
    *item = (struct queue_item){.what = what};
    pthread_mutex_lock(&queue->lock);
    *queue->last = item;
    queue->last = &item->next;
    pthread_cond_signal(&queue->filled);
    pthread_mutex_unlock(&queue->lock);
    return true;
}

void *queue_pop(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    while (!queue->first && !queue->closed)
        pthread_cond_wait(&queue->filled, &queue->lock);
    struct queue_item *item = queue->first;
    if (item) {
        queue->first = item->next;
        if (!queue->first)
            queue->last = &queue->first;
    }
    pthread_mutex_unlock(&queue->lock);
    void *what = item ? item->what : NULL;
    free(item);
    return what;
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    pthread_cond_broadcast(&queue->filled);
    pthread_mutex_unlock(&queue->lock);
}
