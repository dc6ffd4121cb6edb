// expect: none
// about: reference-counted and on-stack objects: the last user destroys, others are past their last call by then
#include "case.h"
#include <semaphore.h>

struct job {
    pthread_mutex_t lock;
    int users;
    sem_t done;
};

static FRAME void job_drop(struct job *job)
{
    pthread_mutex_lock(&job->lock);
    int last = --job->users == 0;
    pthread_mutex_unlock(&job->lock);
    if (last) {
        pthread_mutex_destroy(&job->lock);
        sem_destroy(&job->done);
        free(job);
    }
}

static void *worker(void *arg)
{
    struct job *job = arg;
    sem_post(&job->done);
    job_drop(job);
    return NULL;
}

static FRAME void run_one(void)
{
    struct job *job = malloc(sizeof *job);
    require(job != NULL, "memory");
    must(pthread_mutex_init(&job->lock, NULL), "init");
    must(sem_init(&job->done, 0, 0), "sem_init");
    job->users = 3;
    pthread_t a = thread_start(worker, job), b = thread_start(worker, job);
    for (int i = 0; i < 2; i++)
        while (sem_wait(&job->done))
            ;
    job_drop(job);
    thread_join(a);
    thread_join(b);
}

int main(void)
{
    for (int i = 0; i < 100; i++)
        run_one();
    return 0;
}
