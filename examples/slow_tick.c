// expect: slow-tick HIGH
// where: slow-tick run_loop
/*
 * An event loop answers two clients. Most answers are quick, but a report is computed in one go, on the loop's thread,
 * while the other client waits.
 *
 * Kiwi prints slow-tick (HIGH): how many ticks computed for longer than the budget, how long ticks take usually and at
 * worst, and where the loop waits for events.
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUESTS 24
#define REPORT_MS 80

static int server[2], client[2];
static unsigned long answers, work;

static void nap_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static long used_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static __attribute__((noinline)) void make_report(long ms)
{
    for (long end = used_ms() + ms; used_ms() < end;)
        for (unsigned i = 0; i < 20000; i++)
            work += work * 31 + i;
}

static __attribute__((noinline)) int on_request(int fd)
{
    char request;

    if (recv(fd, &request, 1, MSG_DONTWAIT) != 1)
        return 0;
    if (request == 'r')
        make_report(REPORT_MS);
    answers++;
    return 1;
}

static void *run_loop(void *unused)
{
    struct pollfd fds[2] = {{server[0], POLLIN, 0}, {server[1], POLLIN, 0}};
    int open = 2;

    while (open > 0) {
        poll(fds, 2, -1);
        for (int i = 0; i < 2; i++)
            if (fds[i].fd >= 0 && fds[i].revents && !on_request(fds[i].fd)) {
                fds[i].fd = -1;
                open--;
            }
    }
    return unused;
}

int main(void)
{
    pthread_t loop;

    for (int i = 0; i < 2; i++) {
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
            return 1;
        server[i] = pair[0];
        client[i] = pair[1];
    }
    pthread_create(&loop, NULL, run_loop, NULL);
    for (int i = 0; i < REQUESTS; i++) {
        if (write(client[0], i % 5 == 4 ? "r" : "q", 1) != 1 || write(client[1], "q", 1) != 1)
            return 1;
        nap_ms(10);
    }
    close(client[0]);
    close(client[1]);
    pthread_join(loop, NULL);
    printf("%lu answers\n", answers);
    return 0;
}
