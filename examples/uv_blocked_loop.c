// expect: blocked-loop HIGH
// where: blocked-loop fetch|on_request
// uses: libuv
/*
 * A service on libuv serves three clients from its cache. What is not there it fetches from an archive, in the
 * callback: the call waits, and with it waits the loop, and every other client.
 *
 * Kiwi prints blocked-loop (HIGH): where the callback waited, in how many ticks of the loop and for how long, how often
 * other events were there when it came back, and where the loop was started.
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#define CLIENTS 3
#define REQUESTS 48
#define MISSES_IN 4 /* one request in so many */

static int server[CLIENTS], client[CLIENTS];
static uv_poll_t input[CLIENTS];
static int served;

static void nap_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* Stands for a driver of an archive that knows only calls which wait. */
static __attribute__((noinline)) void fetch(void)
{
    nap_ms(80);
}

static void answer(int fd)
{
    if (send(fd, "done", 4, MSG_NOSIGNAL) == 4)
        served++;
}

static void on_request(uv_poll_t *handle, int status, int events)
{
    int fd = server[handle - input], request;

    (void)events;
    if (status < 0 || recv(fd, &request, sizeof request, MSG_DONTWAIT) <= 0) {
        uv_poll_stop(handle);
        return;
    }
    if (request % MISSES_IN == 0)
        fetch();
    answer(fd);
}

static void *ask(void *unused)
{
    for (int request = 0; request < REQUESTS; request++) {
        send(client[request % CLIENTS], &request, sizeof request, MSG_NOSIGNAL);
        nap_ms(5);
    }
    for (int i = 0; i < CLIENTS; i++)
        shutdown(client[i], SHUT_WR);
    return unused;
}

int main(void)
{
    pthread_t clients;

    for (int i = 0; i < CLIENTS; i++) {
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
            return 1;
        server[i] = pair[0];
        client[i] = pair[1];
        uv_poll_init(uv_default_loop(), &input[i], server[i]);
        uv_poll_start(&input[i], UV_READABLE, on_request);
    }
    if (pthread_create(&clients, NULL, ask, NULL))
        return 1;
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    pthread_join(clients, NULL);
    printf("%d\n", served);
    return 0;
}
