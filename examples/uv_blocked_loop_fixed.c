// expect: none
// uses: libuv
/*
 * uv_blocked_loop.c, mended: what waits is given to libuv's pool of threads (uv_queue_work), and the answer is sent
 * when the loop hears that it is there. The other clients are served meanwhile.
 *
 * Kiwi prints nothing.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
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

struct job {
    uv_work_t work;
    int fd;
};

static void in_pool(uv_work_t *work)
{
    (void)work;
    fetch();
}

static void on_fetched(uv_work_t *work, int status)
{
    struct job *job = (struct job *)work;

    (void)status;
    answer(job->fd);
    free(job);
}

static void fetch_in_pool(int fd)
{
    struct job *job = calloc(1, sizeof *job);

    if (!job)
        return;
    job->fd = fd;
    if (uv_queue_work(uv_default_loop(), &job->work, in_pool, on_fetched))
        free(job);
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
        fetch_in_pool(fd);
    else
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
