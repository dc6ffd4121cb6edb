// expect: deadlock CRITICAL
// allow: lock-order-cycle lock-order-instances
// where: deadlock stock_move
// kill: 0.7
/*
 * A warehouse. stock_move() locks the shelf it takes from and then the shelf it puts on. Two clerks move goods between
 * the same two shelves in opposite directions, and each ends up waiting for the shelf that the other one holds.
 *
 * The program hangs: kill it (SIGKILL will do), the trace needs no orderly end. Kiwi prints deadlock (CRITICAL) with
 * who holds what and who waits for whom; `kiwi threads` shows the same while the process still hangs.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

struct shelf {
    pthread_mutex_t lock;
    int boxes;
};

struct errand {
    struct shelf *from, *to;
};

static struct shelf shelf_a = {PTHREAD_MUTEX_INITIALIZER, 100};
static struct shelf shelf_b = {PTHREAD_MUTEX_INITIALIZER, 100};
static atomic_int clerks_with_a_shelf; /* makes the unlucky moment certain */

static __attribute__((noinline)) int stock_move(struct shelf *from, struct shelf *to, int boxes)
{
    pthread_mutex_lock(&from->lock);
    atomic_fetch_add(&clerks_with_a_shelf, 1);
    while (atomic_load(&clerks_with_a_shelf) < 2)
        sched_yield();
    pthread_mutex_lock(&to->lock);
    from->boxes -= boxes;
    to->boxes += boxes;
    pthread_mutex_unlock(&to->lock);
    pthread_mutex_unlock(&from->lock);
    return boxes;
}

static void *clerk(void *arg)
{
    struct errand *errand = arg;
    stock_move(errand->from, errand->to, 5);
    return NULL;
}

int main(void)
{
    pthread_t threads[2];
    struct errand errands[2] = {{&shelf_a, &shelf_b}, {&shelf_b, &shelf_a}};
    for (int i = 0; i < 2; i++) {
        if (pthread_create(&threads[i], NULL, clerk, &errands[i]))
            return 1;
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("%d boxes\n", shelf_a.boxes + shelf_b.boxes);
    return 0;
}
