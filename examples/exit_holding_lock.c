// expect: exit-holding-lock HIGH
// where: exit-holding-lock import_file
/*
 * An import ends early: import_file() returns on a bad line without giving the catalog's lock back, and its thread
 * ends. Nobody can ever release that lock.
 *
 * Kiwi prints exit-holding-lock (HIGH): which thread ended, and where it had taken the lock.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t catalog_lock = PTHREAD_MUTEX_INITIALIZER;
static long catalog[8];

static __attribute__((noinline)) int import_file(const char *const *lines, int count)
{
    pthread_mutex_lock(&catalog_lock);
    for (int i = 0; i < count; i++) {
        char *end;
        catalog[i] = strtol(lines[i], &end, 10);
        if (*end)
            return -1;
    }
    pthread_mutex_unlock(&catalog_lock);
    return count;
}

static void *import(void *arg)
{
    static const char *const good[] = {"1", "2", "3"}, *const bad[] = {"4", "five", "6"};
    import_file(good, 3);
    import_file(bad, 3);
    return arg;
}

int main(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, import, NULL))
        return 1;
    pthread_join(thread, NULL);
    printf("catalog is %s\n", pthread_mutex_trylock(&catalog_lock) ? "locked for good" : "free");
    return 0;
}
