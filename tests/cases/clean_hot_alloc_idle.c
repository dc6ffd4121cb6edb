// expect: none
// about: an epoll loop wakes 400 times a second, takes seven buffers for a moment, and is idle for the rest
#include "loop_case.h"
#include <sys/eventfd.h>

static const int turns = 400, parts = 7;
static unsigned long gathered;

static FRAME void gather(int turn)
{
    char *part[7];
    for (int i = 0; i < parts; i++) {
        part[i] = malloc(1500 + 400 * (size_t)i);
        require(part[i] != NULL, "malloc");
        part[i][0] = (char)turn;
    }
    for (int i = 0; i < parts; i++) {
        gathered += (unsigned char)part[i][0];
        free(part[i]);
    }
}

static FRAME void run(int set)
{
    struct epoll_event event;
    for (int left = turns; left > 0 && epoll_wait(set, &event, 1, 500) == 1; left--)
        gather(left);
}

static void *wake(void *fd)
{
    for (int i = 0; i < turns; i++) {
        nap_ms(2);
        require(eventfd_write(*(int *)fd, 1) == 0, "eventfd_write");
    }
    return NULL;
}

int main(void)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    int set = epoll_create1(0), waker = eventfd(0, 0);
    require(epoll_ctl(set, EPOLL_CTL_ADD, waker, &event) == 0, "epoll_ctl");
    pthread_t thread = thread_start(wake, &waker);
    run(set);
    thread_join(thread);
    close(waker);
    close(set);
    return gathered == 0;
}
