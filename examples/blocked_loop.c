// expect: blocked-loop HIGH
// where: blocked-loop slow_down|on_message
/*
 * An event loop serves three clients. To slow down a noisy one, its handler sleeps: and with it sleep all the others.
 *
 * Kiwi prints blocked-loop (HIGH): where the loop's thread slept, in how many ticks and for how long, how often other
 * events were waiting when it came back, and where the loop waits for events.
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
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

static __attribute__((noinline)) void slow_down(int number)
{
    if (number == 0)
        nap_ms(80);
    served[number]++;
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
    int set = epoll_create1(0), open = CLIENTS;

    for (int i = 0; i < CLIENTS; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (unsigned)i};
        epoll_ctl(set, EPOLL_CTL_ADD, server[i], &event);
    }
    while (open > 0) {
        struct epoll_event events[8];
        int n = epoll_wait(set, events, 8, -1);

        for (int i = 0; i < n; i++) {
            int number = (int)events[i].data.u32;

            if (on_message(number))
                continue;
            epoll_ctl(set, EPOLL_CTL_DEL, server[number], NULL);
            open--;
        }
    }
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
