/* kinds.c - one thread that locks and unlocks something else than a pthread mutex: rwlock, spinlock, semaphore,
 * std::mutex. */
#include "kinds.h"

#include "measure.h"
#include "scenario.h"

#include <pthread.h>
#include <semaphore.h>

#define FRAME_ATTRIBUTES __attribute__((noinline))

/* Something after the last call, or it would be a jump and its frame missing. */
#define KEEP_FRAME() __asm__ volatile("" ::: "memory")

static FRAME_ATTRIBUTES void read_pairs(void *lock, unsigned long pairs)
{
    for (unsigned long i = 0; i < pairs; i++) {
        pthread_rwlock_rdlock(lock);
        pthread_rwlock_unlock(lock);
    }
}

static FRAME_ATTRIBUTES void write_pairs(void *lock, unsigned long pairs)
{
    for (unsigned long i = 0; i < pairs; i++) {
        pthread_rwlock_wrlock(lock);
        pthread_rwlock_unlock(lock);
    }
}

static FRAME_ATTRIBUTES void spin_pairs(void *lock, unsigned long pairs)
{
    for (unsigned long i = 0; i < pairs; i++) {
        pthread_spin_lock(lock);
        pthread_spin_unlock(lock);
    }
}

static FRAME_ATTRIBUTES void semaphore_pairs(void *lock, unsigned long pairs)
{
    for (unsigned long i = 0; i < pairs; i++) {
        sem_wait(lock);
        sem_post(lock);
    }
}

typedef void pairs_function(void *lock, unsigned long pairs);

/* With main, the scenario and the function of the pairs four frames of the program. */
static FRAME_ATTRIBUTES int measure_pairs(const struct settings *settings, pairs_function *function, void *lock)
{
    struct measure *measure;
    if (companion_start(settings) != 0 || (measure = measure_open(settings->ms, settings->batches)) == NULL)
        return 1;
    while (measure_more(measure)) {
        measure_start(measure);
        function(lock, (unsigned long)settings->ops);
        measure_stop(measure, (unsigned long)settings->ops);
    }
    int failed = measure_print(measure);
    measure_close(measure);
    KEEP_FRAME();
    return failed != 0;
}

int scenario_read_pair(const struct settings *settings)
{
    static pthread_rwlock_t lock __attribute__((aligned(64))) = PTHREAD_RWLOCK_INITIALIZER;
    return measure_pairs(settings, read_pairs, &lock);
}

int scenario_write_pair(const struct settings *settings)
{
    static pthread_rwlock_t lock __attribute__((aligned(64))) = PTHREAD_RWLOCK_INITIALIZER;
    return measure_pairs(settings, write_pairs, &lock);
}

int scenario_spin_pair(const struct settings *settings)
{
    static pthread_spinlock_t lock __attribute__((aligned(64)));
    pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE);
    return measure_pairs(settings, spin_pairs, (void *)&lock);
}

int scenario_semaphore_pair(const struct settings *settings)
{
    static sem_t lock __attribute__((aligned(64)));
    sem_init(&lock, 0, 1);
    return measure_pairs(settings, semaphore_pairs, &lock);
}

int scenario_std_pair(const struct settings *settings)
{
    return measure_pairs(settings, std_mutex_pairs, std_mutex_made());
}
