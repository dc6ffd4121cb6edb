// expect: none
// about:  neighbours in one cache line: two locks that each thread uses in turn, and a busy lock beside one that is hardly used
#include "case.h"

static struct {
    pthread_mutex_t first, second;
} both __attribute__((aligned(128)));
static struct {
    pthread_spinlock_t busy, rare;
} beside __attribute__((aligned(64)));
static unsigned long sum;
static int done;

static void *both_in_turn(void *arg)
{
    for (int i = 0; i < 400000; i++) {
        pthread_mutex_lock(&both.first);
        pthread_mutex_unlock(&both.first);
        pthread_mutex_lock(&both.second);
        pthread_mutex_unlock(&both.second);
    }
    return arg;
}

static void *busy(void *arg)
{
    for (unsigned long i = 0; i < 4000000; i++) {
        pthread_spin_lock(&beside.busy);
        sum += i;
        pthread_spin_unlock(&beside.busy);
    }
    __atomic_store_n(&done, 1, __ATOMIC_RELAXED);
    return arg;
}

static void *rare(void *arg)
{
    while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
        pthread_spin_lock(&beside.rare);
        pthread_spin_unlock(&beside.rare);
        nap_ms(1);
    }
    return arg;
}

int main(void)
{
    thread_join(thread_start(both_in_turn, NULL));
    pthread_spin_init(&beside.busy, PTHREAD_PROCESS_PRIVATE);
    pthread_spin_init(&beside.rare, PTHREAD_PROCESS_PRIVATE);
    pthread_t one = thread_start(busy, NULL), other = thread_start(rare, NULL);
    thread_join(one);
    thread_join(other);
    require(sum != 1, "a sum");
    return 0;
}
