// expect: realloc-growth MEDIUM
// where: realloc-growth body_add
// allow: hot-alloc alloc-churn
/*
 * An event loop collects uploads that come in chunks. The body is made larger by exactly one chunk for each of them.
 *
 * Kiwi prints realloc-growth: how many steps there were and how small, how large the block was before a step in the
 * mean, and how many steps had to copy it.
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define UPLOADS 12
#define CHUNKS 80
#define CHUNK 200

struct body {
    char *data;
    size_t size;
};

static int server, client;
static size_t received;

static __attribute__((noinline)) void body_add(struct body *b, const char *chunk, size_t size)
{
    b->data = realloc(b->data, b->size + size);
    if (!b->data)
        abort();
    memcpy(b->data + b->size, chunk, size);
    b->size += size;
}

static __attribute__((noinline)) void body_end(struct body *b)
{
    received += b->size;
    free(b->data);
    *b = (struct body){NULL, 0};
}

static void *run_loop(void *unused)
{
    struct pollfd p = {server, POLLIN, 0};
    struct body body = {NULL, 0};
    char chunk[CHUNK];
    ssize_t n;

    while (poll(&p, 1, -1) == 1 && (n = recv(server, chunk, sizeof chunk, 0)) > 0) {
        if (chunk[0] == 'e')
            body_end(&body);
        else
            body_add(&body, chunk, (size_t)n);
    }
    return unused;
}

int main(void)
{
    char chunk[CHUNK];
    int pair[2];
    pthread_t loop;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
        return 1;
    server = pair[0];
    client = pair[1];
    pthread_create(&loop, NULL, run_loop, NULL);
    for (int i = 0; i < UPLOADS; i++)
        for (int k = 0; k <= CHUNKS; k++) {
            memset(chunk, k < CHUNKS ? 'c' : 'e', sizeof chunk);
            if (send(client, chunk, sizeof chunk, 0) < 0)
                return 1;
            if (k % 16 == 0)
                usleep(1000);
        }
    close(client);
    pthread_join(loop, NULL);
    printf("%zu bytes\n", received);
    return 0;
}
