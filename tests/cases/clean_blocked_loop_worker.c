// expect: none
// about: a worker polls for its next job or the end, with a time limit, and each job sleeps and computes for long
#include "loop_case.h"
#include <poll.h>

static int jobs, jobs_in, end, end_in;

static void *work(void *unused)
{
    for (;;) {
        struct pollfd fds[2] = {{jobs, POLLIN, 0}, {end, POLLIN, 0}};
        int n = poll(fds, 2, 400);
        if (n > 0 && fds[1].revents)
            return unused;
        if (n > 0 && hear_now(jobs) == 'j') {
            nap_ms(60);
            compute_ms(5);
        }
    }
}

int main(void)
{
    pair_make(&jobs, &jobs_in);
    pair_make(&end, &end_in);
    pthread_t worker = thread_start(work, NULL);
    for (int i = 0; i < 9; i++) {
        say(jobs_in, 'j');
        nap_ms(20);
    }
    nap_ms(450);
    say(end_in, 'e');
    thread_join(worker);
    return 0;
}
