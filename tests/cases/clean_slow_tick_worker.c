// expect: none
// about: a worker takes its jobs from a socket with poll, and every one of them computes for longer than the tick budget
#include "loop_case.h"
#include <poll.h>

static int jobs, jobs_in;

static void *work(void *unused)
{
    struct pollfd p = {jobs, POLLIN, 0};
    while (poll(&p, 1, 5000) > 0 && hear_now(jobs) == 'j')
        compute_ms(70);
    return unused;
}

int main(void)
{
    pair_make(&jobs, &jobs_in);
    pthread_t worker = thread_start(work, NULL);
    for (int i = 0; i < 10; i++)
        say(jobs_in, 'j');
    close(jobs_in);
    thread_join(worker);
    return 0;
}
