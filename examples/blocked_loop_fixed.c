// expect: none
/*
 * blocked_loop.c, mended: the loop does not sleep. It stops listening to the noisy client until a timer of its own
 * fires, and serves the others meanwhile.
 *
 * Kiwi prints nothing.
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS 3
#define MESSAGES 36

static int server[CLIENTS], client[CLIENTS];
static int served[CLIENTS];

static void nap_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static int set, timer;

static void listen_to(int number, unsigned events)
{
    struct epoll_event event = {.events = events, .data.u32 = (unsigned)number};

    epoll_ctl(set, EPOLL_CTL_MOD, server[number], &event);
}

static __attribute__((noinline)) void slow_down(int number)
{
    const struct itimerspec later = {.it_value = {.tv_nsec = 80 * 1000000}};

    if (number == 0) {
        listen_to(number, 0);
        timerfd_settime(timer, 0, &later, NULL);
    }
    served[number]++;
}

static void on_timer(void)
{
    unsigned long long expired;

    if (read(timer, &expired, sizeof expired) == sizeof expired)
        listen_to(0, EPOLLIN);
}

static __attribute__((noinline)) int on_message(int number)
{
    char text[16];

    if (recv(server[number], text, sizeof text, MSG_DONTWAIT) <= 0)
        return 0;
    slow_down(number);
    return 1;
}

static void *run_loop(void *unused)
{
    struct epoll_event at_timer = {.events = EPOLLIN, .data.u32 = CLIENTS};
    int open = CLIENTS;

    set = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    epoll_ctl(set, EPOLL_CTL_ADD, timer, &at_timer);
    for (int i = 0; i < CLIENTS; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (unsigned)i};
        epoll_ctl(set, EPOLL_CTL_ADD, server[i], &event);
    }
    while (open > 0) {
        struct epoll_event events[8];
        int n = epoll_wait(set, events, 8, -1);

        for (int i = 0; i < n; i++) {
            int number = (int)events[i].data.u32;

            if (number == CLIENTS) {
                on_timer();
                continue;
            }
            if (on_message(number))
                continue;
            epoll_ctl(set, EPOLL_CTL_DEL, server[number], NULL);
            open--;
        }
    }
    close(timer);
    close(set);
    return unused;
}

int main(void)
{
    pthread_t loop;

    for (int i = 0; i < CLIENTS; i++) {
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
            return 1;
        server[i] = pair[0];
        client[i] = pair[1];
    }
    pthread_create(&loop, NULL, run_loop, NULL);
    for (int i = 0; i < MESSAGES; i++) {
        for (int k = 0; k < CLIENTS; k++)
            if ((k > 0 || i % 4 == 0) && write(client[k], "hello", 5) != 5)
                return 1;
        nap_ms(20);
    }
    for (int i = 0; i < CLIENTS; i++)
        close(client[i]);
    pthread_join(loop, NULL);
    printf("%d %d %d\n", served[0], served[1], served[2]);
    return 0;
}
