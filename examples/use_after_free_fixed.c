// expect: none
// options: heap=exact
/*
 * use_after_free.c, mended: the worker and its caller have a reference each, and whoever lets go last frees the job.
 *
 * Kiwi prints no finding.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

struct job {
    int references;
    long input, result;
    char name[80];
};

static struct job *current;
static sem_t given, cancelled;

static void job_put(struct job *j)
{
    if (__atomic_sub_fetch(&j->references, 1, __ATOMIC_ACQ_REL) == 0)
        free(j);
}

static void *worker(void *arg)
{
    sem_wait(&given);
    struct job *j = current;
    sem_wait(&cancelled); /* it takes longer than the caller has patience */
    j->result = 42;
    job_put(j);
    return arg;
}

static __attribute__((noinline)) struct job *job_new(long input)
{
    struct job *j = calloc(1, sizeof *j);
    if (!j)
        exit(9);
    j->references = 2;
    j->input = input;
    return j;
}

static __attribute__((noinline)) void job_cancel(struct job *j)
{
    job_put(j);
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
