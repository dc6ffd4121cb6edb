// expect: lock-order-instances HIGH
// where: lock-order-instances seat_swap
/*
 * seat_swap(a, b) locks its two seats in the order in which it is given them. One thread moves people forward, the
 * other one moves people back, in another part of the hall: they never met on one pair of seats, yet.
 *
 * Kiwi prints lock-order-instances (HIGH): the place, a pair for each direction, and which threads did it.
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
    pthread_mutex_lock(&a->lock);
    pthread_mutex_lock(&b->lock);
    int person = a->person;
    a->person = b->person;
    b->person = person;
    pthread_mutex_unlock(&b->lock);
    pthread_mutex_unlock(&a->lock);
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
