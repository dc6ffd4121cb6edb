/*
 * line_load.c - a bounded load on a server that answers lines: line_load MIX PORT CONNECTIONS SECONDS
 *
 * MIX is one of
 *     memcached   get and set, seven to one, over 500 keys
 *     service     SET, GET, MOVE, STATS and now and then a SET that is refused (examples/service)
 *     moves       MOVE alone, half of the connections in the opposite direction
 *     purge       SET, and PURGE
 *     stats       STATS alone
 *
 * Every connection to 127.0.0.1 is a thread that sends a request, waits for its answer, and sends the next, until the
 * time is over or an answer does not come within a second. Prints `N answers, N connections without an answer`. Exit
 * status: 0 all was answered, 1 an error, 2 bad usage, 3 some connection got no answer.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64
#define REQUEST_BYTES 512
#define ANSWER_BYTES 1024
#define ANSWER_S 1
#define KEYS 500

struct mix {
    const char *name;
    /* Writes the request number `n` of connection `id`; returns its size. */
    int (*request)(char *text, unsigned id, unsigned long n);
    /* Is the answer whole? */
    bool (*whole)(const char *answer, size_t size);
};

struct client {
    const struct mix *mix;
    unsigned id;
    unsigned short port;
    double until; /* CLOCK_MONOTONIC, seconds */
    unsigned long answers;
    bool stuck, failed;
    pthread_t thread;
};

static int memcached_request(char *text, unsigned id, unsigned long n)
{
    unsigned long key = (n * 7919 + id * 31) % KEYS;
    if (n % 8 == 0)
        return snprintf(text, REQUEST_BYTES, "set key%lu 0 0 16\r\n%016lu\r\n", key, n);
    return snprintf(text, REQUEST_BYTES, "get key%lu\r\n", key);
}

static bool memcached_whole(const char *answer, size_t size)
{
    return (size >= 5 && memcmp(answer + size - 5, "END\r\n", 5) == 0) ||
           (size >= 8 && memcmp(answer + size - 8, "STORED\r\n", 8) == 0);
}

static int service_request(char *text, unsigned id, unsigned long n)
{
    unsigned long key = (n * 7919 + id * 31) % KEYS;
    if (n % 97 == 96)
        return snprintf(text, REQUEST_BYTES, "STATS\n");
    if (n % 193 == 192)
        return snprintf(text, REQUEST_BYTES, "SET key%lu %0200lu\n", key, n);
    if (n % 31 == 30)
        return snprintf(text, REQUEST_BYTES, "MOVE key%lu key%lu\n", key, (key * 3 + 1) % KEYS);
    if (n % 4 == 0)
        return snprintf(text, REQUEST_BYTES, "SET key%lu value %lu\n", key, n);
    return snprintf(text, REQUEST_BYTES, "GET key%lu\n", key);
}

static int moves_request(char *text, unsigned id, unsigned long n)
{
    (void)n;
    return snprintf(text, REQUEST_BYTES, id % 2 ? "MOVE north south\n" : "MOVE south north\n");
}

static int stats_request(char *text, unsigned id, unsigned long n)
{
    (void)id;
    (void)n;
    return snprintf(text, REQUEST_BYTES, "STATS\n");
}

static int purge_request(char *text, unsigned id, unsigned long n)
{
    if (n % 50 == 49)
        return snprintf(text, REQUEST_BYTES, "PURGE key%u\n", id);
    return snprintf(text, REQUEST_BYTES, "SET key%lu x\n", n % KEYS);
}

static bool line_whole(const char *answer, size_t size)
{
    return size > 0 && answer[size - 1] == '\n';
}

static const struct mix mixes[] = {
        {"memcached", memcached_request, memcached_whole},
        {"service", service_request, line_whole},
        {"moves", moves_request, line_whole},
        {"purge", purge_request, line_whole},
        {"stats", stats_request, line_whole},
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int fail(const char *what)
{
    fprintf(stderr, "line_load: cannot %s: %s\n", what, strerror(errno));
    return -1;
}

static int dial(unsigned short port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct timeval limit = {.tv_sec = ANSWER_S};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0)
        return fail("make a socket");
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        fail("connect");
        close(fd);
        return -1;
    }
    return fd;
}

/* 1 answered, 0 no answer in time, -1 an error. */
static int exchange(struct client *client, int fd)
{
    char request[REQUEST_BYTES], answer[ANSWER_BYTES];
    size_t size = 0;
    int wanted = client->mix->request(request, client->id, client->answers);
    if (send(fd, request, (size_t)wanted, MSG_NOSIGNAL) != wanted)
        return fail("send");
    while (!client->mix->whole(answer, size)) {
        if (size == sizeof answer) {
            errno = EMSGSIZE;
            return fail("make sense of an answer");
        }
        ssize_t n = recv(fd, answer + size, sizeof answer - size, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return 0;
        if (n == 0)
            errno = ECONNRESET;
        if (n <= 0)
            return fail("receive");
        size += (size_t)n;
    }
    return 1;
}

static void *client_main(void *arg)
{
    struct client *client = arg;
    int fd = dial(client->port), result = fd < 0 ? -1 : 1;
    while (result > 0 && now() < client->until) {
        result = exchange(client, fd);
        client->answers += result > 0;
    }
    client->stuck = result == 0;
    client->failed = result < 0;
    if (fd >= 0)
        close(fd);
    return NULL;
}

static bool number(const char *text, double min, double max, double *value)
{
    char *end;
    *value = strtod(text, &end);
    return end != text && !*end && *value >= min && *value <= max;
}

static const struct mix *find_mix(const char *name)
{
    for (size_t i = 0; i < sizeof mixes / sizeof *mixes; i++) {
        if (strcmp(mixes[i].name, name) == 0)
            return &mixes[i];
    }
    return NULL;
}

static int run(const struct mix *mix, unsigned short port, unsigned count, double seconds)
{
    struct client clients[CONNECTIONS_MAX];
    unsigned long answers = 0, stuck = 0, failed = 0;
    unsigned started = 0;
    double until = now() + seconds;
    for (; started < count; started++) {
        clients[started] = (struct client){.mix = mix, .id = started, .port = port, .until = until};
        errno = pthread_create(&clients[started].thread, NULL, client_main, &clients[started]);
        if (errno != 0) {
            fail("start a thread");
            failed++;
            break;
        }
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(clients[i].thread, NULL);
        answers += clients[i].answers;
        stuck += clients[i].stuck;
        failed += clients[i].failed;
    }
    printf("%lu answers, %lu connections without an answer\n", answers, stuck);
    return failed ? 1 : stuck ? 3 : 0;
}

int main(int argc, char **argv)
{
    double port, count, seconds;
    const struct mix *mix = argc == 5 ? find_mix(argv[1]) : NULL;
    if (!mix || !number(argv[2], 1, 65535, &port) || !number(argv[3], 1, CONNECTIONS_MAX, &count) ||
        !number(argv[4], 0.01, 600, &seconds)) {
        fprintf(stderr, "usage: line_load memcached|service|moves|purge|stats PORT CONNECTIONS SECONDS\n");
        return 2;
    }
    return run(mix, (unsigned short)port, (unsigned)count, seconds);
}
