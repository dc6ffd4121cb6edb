// expect: none
// kill: 2
// about: locks made of futexes were fought for, in one order; now all threads wait for work, counted by a futex at 2
#include "futex_mutex.h"

#include <limits.h>

#define WORKERS 3
#define ROUNDS 2

static struct futex_mutex ledger_lock, audit_lock;
static int round_number, entries, done;

static FRAME void post(void)
{
    futex_mutex_lock(&ledger_lock);
    futex_mutex_lock(&audit_lock);
    entries++;
    futex_mutex_unlock(&audit_lock);
    futex_mutex_unlock(&ledger_lock);
}

static void *work(void *unused)
{
    for (int seen = 0;;) {
        while (__atomic_load_n(&round_number, __ATOMIC_ACQUIRE) == seen)
            syscall(SYS_futex, &round_number, FUTEX_WAIT_PRIVATE, seen, NULL);
        seen = __atomic_load_n(&round_number, __ATOMIC_ACQUIRE);
        for (int i = 0; i < 20000; i++)
            post();
        stage_arrive(&done);
    }
    return unused;
}

int main(void)
{
    pthread_t threads[WORKERS];

    for (int i = 0; i < WORKERS; i++)
        pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 1; i <= ROUNDS; i++) {
        nap_ms(20); /* they wait for the first at 0 */
        __atomic_store_n(&round_number, i, __ATOMIC_RELEASE);
        syscall(SYS_futex, &round_number, FUTEX_WAKE_PRIVATE, INT_MAX);
        stage_await(&done, i * WORKERS);
    }
    pthread_join(threads[0], NULL);
    return 0;
}
