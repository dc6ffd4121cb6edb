// expect: none
/*
 * The same hall with one order for all: seat_swap() locks the seat with the lower address first, whatever it is given.
 *
 * Kiwi prints nothing.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#define SEATS 10

static struct seat {
    pthread_mutex_t lock;
    int person;
} seats[SEATS];

static atomic_int ready;

static __attribute__((noinline)) void seat_swap(struct seat *a, struct seat *b)
{
    struct seat *first = a < b ? a : b, *second = a < b ? b : a;

    pthread_mutex_lock(&first->lock);
    pthread_mutex_lock(&second->lock);
    int person = a->person;
    a->person = b->person;
    b->person = person;
    pthread_mutex_unlock(&second->lock);
    pthread_mutex_unlock(&first->lock);
}

static void *forward(void *arg)
{
    atomic_fetch_add(&ready, 1);
    while (atomic_load(&ready) < 2)
        ;
    for (int i = 0; i < 4; i++)
        seat_swap(&seats[i], &seats[i + 1]);
    return arg;
}

static void *back(void *arg)
{
    atomic_fetch_add(&ready, 1);
    while (atomic_load(&ready) < 2)
        ;
    for (int i = 9; i > 5; i--)
        seat_swap(&seats[i], &seats[i - 1]);
    return arg;
}

int main(void)
{
    pthread_t threads[2];

    for (int i = 0; i < SEATS; i++) {
        seats[i].person = i;
        if (pthread_mutex_init(&seats[i].lock, NULL))
            return 1;
    }
    if (pthread_create(&threads[0], NULL, forward, NULL) || pthread_create(&threads[1], NULL, back, NULL))
        return 1;
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("the first seat has person %d\n", seats[0].person);
    return 0;
}
