// expect: none
/*
 * The warehouse of deadlock.c, mended: whatever the direction of the move, the shelf with the lower number is locked
 * first.
 *
 * Kiwi prints no finding.
 */
#include <pthread.h>
#include <stdio.h>

struct shelf {
    pthread_mutex_t lock;
    int number;
    int boxes;
};

struct errand {
    struct shelf *from, *to;
};

static struct shelf shelf_a = {PTHREAD_MUTEX_INITIALIZER, 1, 100};
static struct shelf shelf_b = {PTHREAD_MUTEX_INITIALIZER, 2, 100};

static __attribute__((noinline)) int stock_move(struct shelf *from, struct shelf *to, int boxes)
{
    struct shelf *first = from->number < to->number ? from : to;
    struct shelf *second = first == from ? to : from;
    pthread_mutex_lock(&first->lock);
    pthread_mutex_lock(&second->lock);
    from->boxes -= boxes;
    to->boxes += boxes;
    pthread_mutex_unlock(&second->lock);
    pthread_mutex_unlock(&first->lock);
    return boxes;
}

static void *clerk(void *arg)
{
    struct errand *errand = arg;
    for (int i = 0; i < 1000; i++)
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
