// expect: thread-leak HIGH
// where: thread-leak job_start
// about: a scheduler thread starts a thread for each job and drops its id; both are gone when the process goes on
#include "case.h"

static int done;

static void *job(void *arg)
{
    stage_arrive(&done);
    return arg;
}

static FRAME int job_start(void)
{
    pthread_t id;
    return pthread_create(&id, NULL, job, NULL);
}

static void *scheduler(void *arg)
{
    for (int i = 1; i <= 4; i++) {
        must(job_start(), "pthread_create");
        stage_await(&done, i);
    }
    return arg;
}

int main(void)
{
    pthread_t thread = thread_start(scheduler, NULL);
    thread_join(thread);
    nap_ms(200);
    printf("%d jobs\n", done);
    return 0;
}
