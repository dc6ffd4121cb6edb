// expect: use-after-free CRITICAL
// where: use-after-free job_cancel
// options: heap=exact
// status: any
/*
 * Who cancels a job frees it at once; the worker still has the pointer and writes the result into it.
 *
 * Kiwi, with heap=exact, prints use-after-free (CRITICAL): where the block was freed that changed afterwards, and who
 * made it.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

struct job {
    long input, result;
    char name[80];
};

static struct job *current;
static sem_t given, cancelled;

static void *worker(void *arg)
{
    sem_wait(&given);
    struct job *j = current;
    sem_wait(&cancelled); /* it takes longer than the caller has patience */
    j->result = 42;
    __asm__ volatile("" ::: "memory");
    return arg;
}

static __attribute__((noinline)) struct job *job_new(long input)
{
    struct job *j = calloc(1, sizeof *j);
    if (!j)
        exit(9);
    j->input = input;
    return j;
}

static __attribute__((noinline)) void job_cancel(struct job *j)
{
    free(j);
    sem_post(&cancelled);
}

int main(void)
{
    pthread_t t;
    sem_init(&given, 0, 0);
    sem_init(&cancelled, 0, 0);
    if (pthread_create(&t, NULL, worker, NULL))
        return 9;
    current = job_new(7);
    sem_post(&given);
    job_cancel(current);
    pthread_join(t, NULL);
    puts("cancelled");
    return 0;
}
