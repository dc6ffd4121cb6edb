// expect: spin-livelock HIGH
// where:  spin-livelock dine
// about:  three threads in a circle keep what they have and only try for what the next one has, in step, with spinlocks
#include "case.h"

#define SEATS 3

static struct __attribute__((aligned(64))) seat {
    pthread_spinlock_t fork;
    int round;
} seats[SEATS];
static int last_round = 1 << 30, meals;

static void wait_for_all(int step)
{
    for (int i = 0; i < SEATS; i++)
        stage_await(&seats[i].round, step);
}

static FRAME int dine(struct seat *own, struct seat *next, int step)
{
    pthread_spin_lock(&own->fork);
    stage_reach(&own->round, step);
    wait_for_all(step);
    int failed = pthread_spin_trylock(&next->fork);
    stage_reach(&own->round, step + 1);
    wait_for_all(step + 1);
    if (!failed) {
        meals++;
        pthread_spin_unlock(&next->fork);
    }
    pthread_spin_unlock(&own->fork);
    return failed;
}

static void *diner(void *arg)
{
    struct seat *own = arg, *next = own == &seats[SEATS - 1] ? seats : own + 1;
    struct timespec end = deadline_ms(CLOCK_MONOTONIC, 400), now;
    for (int round = 1; round <= __atomic_load_n(&last_round, __ATOMIC_SEQ_CST); round++) {
        dine(own, next, 2 * round);
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (own == seats && round > 300 && last_round == 1 << 30 &&
            (now.tv_sec > end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec > end.tv_nsec)))
            __atomic_store_n(&last_round, round + 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[SEATS];
    for (int i = 0; i < SEATS; i++)
        pthread_spin_init(&seats[i].fork, PTHREAD_PROCESS_PRIVATE);
    for (int i = 0; i < SEATS; i++)
        threads[i] = thread_start(diner, &seats[i]);
    for (int i = 0; i < SEATS; i++)
        thread_join(threads[i]);
    require(!meals, "nobody dined");
    return 0;
}
