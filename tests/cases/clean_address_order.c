// expect: none
// about: pairs out of eight locks, always the lower address first, by three threads
#include "case.h"

static struct {
    pthread_mutex_t lock;
    long value;
} cell[8];

static FRAME long cell_swap(int a, int b)
{
    int first = a < b ? a : b, second = a < b ? b : a;
    pthread_mutex_lock(&cell[first].lock);
    pthread_mutex_lock(&cell[second].lock);
    long n = cell[a].value;
    cell[a].value = cell[b].value;
    cell[b].value = n;
    pthread_mutex_unlock(&cell[first].lock); /* released in the order of acquisition: out of nesting order */
    pthread_mutex_unlock(&cell[second].lock);
    return n;
}

static void *swapper(void *arg)
{
    unsigned seed = *(unsigned *)arg;
    for (int i = 0; i < 2000; i++) {
        int a = rand_r(&seed) % 8, b = rand_r(&seed) % 8;
        if (a != b)
            cell_swap(a, b);
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[3];
    unsigned seed[3] = {1, 2, 3};
    long sum = 0;
    for (int i = 0; i < 8; i++) {
        must(pthread_mutex_init(&cell[i].lock, NULL), "init");
        cell[i].value = i;
    }
    for (int i = 0; i < 3; i++)
        threads[i] = thread_start(swapper, &seed[i]);
    for (int i = 0; i < 3; i++)
        thread_join(threads[i]);
    for (int i = 0; i < 8; i++)
        sum += cell[i].value;
    return sum != 28;
}
