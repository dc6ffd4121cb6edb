// expect: alloc-under-lock HIGH|MEDIUM
// allow: lock-contention lock-convoy lock-starvation long-hold alloc-churn
// where: alloc-under-lock label_set
// needs: processors
/*
 * Four threads set labels in a registry. Each label's text is built with malloc, and the old one freed, under the lock.
 *
 * Kiwi prints alloc-under-lock: how many allocations a hold makes, how long it takes, and who waits for the lock.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LABELS 64
#define THREADS 4

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *labels[LABELS];

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static __attribute__((noinline)) char *part(const char *name, int value)
{
    char *text = malloc(60);
    if (!text)
        exit(9);
    snprintf(text, 60, "%s=%d", name, value);
    return text;
}

static __attribute__((noinline)) void label_set(int i, int value)
{
    pthread_mutex_lock(&lock);
    char *left = part("left", value), *right = part("right", value);
    char *whole = malloc(150);
    if (!whole)
        exit(9);
    snprintf(whole, 150, "{%s,%s}", left, right);
    free(left);
    free(right);
    free(labels[i]);
    labels[i] = whole;
    pthread_mutex_unlock(&lock);
}

static void *updater(void *arg)
{
    int first = *(int *)arg, n = 0;
    for (long end = now_ms() + 800; now_ms() < end;)
        for (int i = 0; i < 50; i++, n++)
            label_set((first + n) % LABELS, n);
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    int first[THREADS];
    for (int i = 0; i < THREADS; i++) {
        first[i] = i * 16;
        if (pthread_create(&threads[i], NULL, updater, &first[i]))
            return 9;
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < LABELS; i++)
        free(labels[i]);
    puts("done");
    return 0;
}
