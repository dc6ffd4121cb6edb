/*
 * one_condition.h - a tray with room for one letter: who brings and who fetches them wait on one condition variable.
 */
#ifndef CASE_ONE_CONDITION_H
#define CASE_ONE_CONDITION_H

#include "case.h"

#include <sys/syscall.h>
#include <unistd.h>

#define LETTERS 6

static pthread_mutex_t tray = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int letter, fetched;
static long fetchers[2];
static int (*tell)(pthread_cond_t *);

static FRAME void bring(int first, int count)
{
    pthread_mutex_lock(&tray);
    for (int i = first; i < first + count; i++) {
        while (letter)
            pthread_cond_wait(&changed, &tray);
        letter = i;
        tell(&changed);
    }
    pthread_mutex_unlock(&tray);
}

static FRAME int fetch(void)
{
    pthread_mutex_lock(&tray);
    while (!letter && fetched < LETTERS)
        pthread_cond_wait(&changed, &tray);
    int got = letter;
    fetched += got != 0;
    letter = 0;
    tell(&changed);
    pthread_mutex_unlock(&tray);
    return got;
}

static void *fetcher(void *arg)
{
    __atomic_store_n((long *)arg, syscall(SYS_gettid), __ATOMIC_SEQ_CST);
    while (fetch())
        ;
    return NULL;
}

static inline void one_condition(int (*how)(pthread_cond_t *))
{
    pthread_t threads[2];
    tell = how;
    for (int i = 0; i < 2; i++)
        threads[i] = thread_start(fetcher, &fetchers[i]);
    thread_await_sleep(&fetchers[0]);
    thread_await_sleep(&fetchers[1]);
    bring(1, LETTERS);
    for (int i = 0; i < 2; i++)
        thread_join(threads[i]);
    printf("%d letters\n", fetched);
}
#endif
