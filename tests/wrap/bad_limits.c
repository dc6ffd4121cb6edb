/* Limits of waits that cannot be read: the kernel says so, and nobody else looks. */
#include "transcript.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

/* In its own call each, so that the compiler knows nothing of them. */
static const struct timespec *limits[3];

static void with(const char *name, const struct timespec *limit)
{
    struct epoll_event event;
    int word = 0, set = epoll_create1(0);
    sigset_t signals;

    sigemptyset(&signals);
    say("-- %s", name);
    errno = 0;
    returned("nanosleep", nanosleep(limit, NULL));
    say("clock_nanosleep: %d", clock_nanosleep(CLOCK_MONOTONIC, 0, limit, NULL));
    say("no such clock: %d", clock_nanosleep(99, 0, limit, NULL));
    say("thrd_sleep: %d", thrd_sleep(limit, NULL));
    returned("epoll_pwait2", epoll_pwait2(set, &event, 1, limit, NULL));
    returned("sigtimedwait", sigtimedwait(&signals, NULL, limit));
    returned("futex", (int)syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, limit, NULL, 0));
    close(set);
}

int main(void)
{
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    static struct timespec nothing;

    if (page == MAP_FAILED || mprotect(page + 4096, 4096, PROT_NONE))
        return 9;
    limits[0] = (const struct timespec *)8;
    limits[1] = (const struct timespec *)(page + 4096 - 8); /* its second half is not there */
    limits[2] = &nothing;
    with("nowhere", limits[0]);
    with("half of it", limits[1]);
    with("nothing", limits[2]);
    return 0;
}
