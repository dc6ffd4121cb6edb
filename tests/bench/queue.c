/* queue.c - two threads that talk over a mutex and condition variables: queue, pingpong. */
#include "measure.h"
#include "scenario.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define QUEUE_ITEMS 64

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t not_empty, not_full;
    unsigned long items[QUEUE_ITEMS];
    unsigned long head, tail; /* tail - head items are in it */
    bool closed;
    long producer_cpu;
};

static bool queue_push(struct queue *queue, unsigned long item)
{
    pthread_mutex_lock(&queue->lock);
    while (!queue->closed && queue->tail - queue->head == QUEUE_ITEMS)
        pthread_cond_wait(&queue->not_full, &queue->lock);
    bool open = !queue->closed;
    if (open)
        queue->items[queue->tail++ % QUEUE_ITEMS] = item;
    pthread_cond_signal(&queue->not_empty);
    pthread_mutex_unlock(&queue->lock);
    return open;
}

static unsigned long queue_pop(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->tail == queue->head)
        pthread_cond_wait(&queue->not_empty, &queue->lock);
    unsigned long item = queue->items[queue->head++ % QUEUE_ITEMS];
    pthread_cond_signal(&queue->not_full);
    pthread_mutex_unlock(&queue->lock);
    return item;
}

static void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    pthread_cond_broadcast(&queue->not_full);
    pthread_mutex_unlock(&queue->lock);
}

static void *producer_run(void *argument)
{
    struct queue *queue = argument;
    measure_bind(queue->producer_cpu);
    for (unsigned long item = 1; queue_push(queue, item); item++)
        ;
    return NULL;
}

static int thread_start(pthread_t *thread, void *(*run)(void *), void *argument)
{
    int error = pthread_create(thread, NULL, run, argument);
    if (error != 0)
        fprintf(stderr, "bench: cannot start a thread: %s\n", strerror(error));
    return error;
}

static int queue_measure(struct queue *queue, const struct settings *settings)
{
    struct measure *measure = measure_open(settings->ms, settings->batches);
    if (measure == NULL)
        return 1;
    unsigned long last = 0;
    bool ordered = true;
    while (measure_more(measure)) {
        measure_start(measure);
        for (long i = 0; i < settings->ops; i++) {
            unsigned long item = queue_pop(queue);
            ordered = ordered && item == last + 1;
            last = item;
        }
        measure_stop(measure, (unsigned long)settings->ops);
    }
    int failed = measure_print(measure);
    measure_close(measure);
    if (!ordered)
        fprintf(stderr, "bench: an item was lost\n");
    return failed != 0 || !ordered;
}

int scenario_queue(const struct settings *settings)
{
    struct queue queue = {
            .lock = PTHREAD_MUTEX_INITIALIZER,
            .not_empty = PTHREAD_COND_INITIALIZER,
            .not_full = PTHREAD_COND_INITIALIZER,
            .producer_cpu = settings->peer_cpu,
    };
    pthread_t producer;
    if (thread_start(&producer, producer_run, &queue) != 0)
        return 1;
    int failed = queue_measure(&queue, settings);
    queue_close(&queue);
    pthread_join(producer, NULL);
    return failed;
}

enum side { SIDE_PING, SIDE_PONG, SIDE_NONE };

struct table {
    pthread_mutex_t lock;
    pthread_cond_t turned[2]; /* by side */
    enum side turn;
    long peer_cpu;
};

/* Waits for the side's turn and passes it on; returns false once the game is over. */
static bool table_play(struct table *table, enum side side)
{
    pthread_mutex_lock(&table->lock);
    while (table->turn != side && table->turn != SIDE_NONE)
        pthread_cond_wait(&table->turned[side], &table->lock);
    bool playing = table->turn == side;
    if (playing) {
        table->turn = side == SIDE_PING ? SIDE_PONG : SIDE_PING;
        pthread_cond_signal(&table->turned[table->turn]);
    }
    pthread_mutex_unlock(&table->lock);
    return playing;
}

static void table_clear(struct table *table)
{
    pthread_mutex_lock(&table->lock);
    table->turn = SIDE_NONE;
    pthread_cond_broadcast(&table->turned[SIDE_PONG]);
    pthread_mutex_unlock(&table->lock);
}

static void *pong_run(void *argument)
{
    struct table *table = argument;
    measure_bind(table->peer_cpu);
    while (table_play(table, SIDE_PONG))
        ;
    return NULL;
}

int scenario_pingpong(const struct settings *settings)
{
    struct table table = {
            .lock = PTHREAD_MUTEX_INITIALIZER,
            .turned = {PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER},
            .turn = SIDE_PING,
            .peer_cpu = settings->peer_cpu,
    };
    struct measure *measure = measure_open(settings->ms, settings->batches);
    pthread_t pong;
    if (measure == NULL || thread_start(&pong, pong_run, &table) != 0)
        return 1;
    while (measure_more(measure)) {
        measure_start(measure);
        for (long i = 0; i < settings->ops; i++)
            table_play(&table, SIDE_PING);
        measure_stop(measure, (unsigned long)settings->ops);
    }
    int failed = measure_print(measure);
    measure_close(measure);
    table_clear(&table);
    pthread_join(pong, NULL);
    return failed != 0;
}
