// expect: alloc-churn MEDIUM
// where: alloc-churn digest
/*
 * Two workers verify blocks of a file. For each block they take a scratch table from malloc and give it back at the end
 * of the function.
 *
 * Kiwi prints alloc-churn: how many blocks a second are allocated and freed at once, how long they live, and what part
 * of the worker's processor time that takes.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define WORDS 64
#define WORK_MS 800

static unsigned block[WORDS];

static long used_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static __attribute__((noinline)) unsigned digest(unsigned seed)
{
    unsigned *table = malloc(2 * sizeof block), sum = seed;

    for (int i = 0; i < WORDS; i++)
        table[i] = (block[i] + seed) * 2654435761u;
    for (int i = 0; i < WORDS; i++)
        sum = (sum << 5 | sum >> 27) ^ table[i];
    free(table);
    return sum;
}

static void *verify(void *result)
{
    unsigned sum = 0;

    while (used_ms() < WORK_MS)
        for (int i = 0; i < 1000; i++)
            sum += digest(sum);
    *(unsigned *)result = sum;
    return NULL;
}

int main(void)
{
    unsigned sums[2];
    pthread_t workers[2];

    for (int i = 0; i < WORDS; i++)
        block[i] = (unsigned)i * 77;
    for (int i = 0; i < 2; i++)
        pthread_create(&workers[i], NULL, verify, &sums[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(workers[i], NULL);
    printf("verified\n");
    return 0;
}
