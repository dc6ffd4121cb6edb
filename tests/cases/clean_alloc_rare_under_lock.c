// expect: none
// allow: lock-contention lock-convoy lock-starvation long-hold
// about: four threads look into a table under a busy lock; one look in fifty misses and makes an entry, which allocates
#include "case.h"

#define ENTRIES 64

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *entries[ENTRIES];
static unsigned long used[ENTRIES];

static FRAME void look(unsigned i, int expire)
{
    pthread_mutex_lock(&lock);
    char *old = NULL;
    if (expire) {
        old = entries[i];
        entries[i] = NULL;
    }
    if (!entries[i]) {
        entries[i] = malloc(100);
        require(entries[i] != NULL, "memory");
    }
    for (int k = 0; k < 20; k++)
        used[(i + (unsigned)k) % ENTRIES]++;
    pthread_mutex_unlock(&lock);
    free(old);
}

static void *worker(void *arg)
{
    for (unsigned i = 0; i < 400000; i++)
        look((i * 7) % ENTRIES, i % 50 == 0);
    return arg;
}

int main(void)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        must(pthread_create(&threads[i], NULL, worker, NULL), "pthread_create");
    for (int i = 0; i < 4; i++)
        must(pthread_join(threads[i], NULL), "pthread_join");
    for (int i = 0; i < ENTRIES; i++)
        free(entries[i]);
    return 0;
}
