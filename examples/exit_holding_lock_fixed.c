// expect: none
/*
 * The import of exit_holding_lock.c, mended: there is one way out of import_file(), and it releases the lock.
 *
 * Kiwi prints no finding.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t catalog_lock = PTHREAD_MUTEX_INITIALIZER;
static long catalog[8];

static __attribute__((noinline)) int import_file(const char *const *lines, int count)
{
    int result = count;
    pthread_mutex_lock(&catalog_lock);
    for (int i = 0; i < count && result >= 0; i++) {
        char *end;
        catalog[i] = strtol(lines[i], &end, 10);
        if (*end)
            result = -1;
    }
    pthread_mutex_unlock(&catalog_lock);
    return result;
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
