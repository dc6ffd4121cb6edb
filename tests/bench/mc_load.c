/*
 * mc_load.c - a bounded load on memcached: mc_load PORT CONNECTIONS REQUESTS CPU
 *
 * Stores 1,000 keys, then sends REQUESTS requests, nine gets to one set, each connection waiting for its answer before
 * it asks again. Every answer is checked. Prints `requests=… wall_ns=…` (per request) and ends with 0, or 1 after a
 * message.
 */
#include "measure.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEYS 1000
#define VALUE_BYTES 100
#define CONNECTIONS_MAX 64
#define ANSWER_BYTES 512
#define ANSWER_TIMEOUT_MS 60000

struct connection {
    int socket;
    bool set; /* the request under way is a set, else a get */
    unsigned long key;
    size_t received;
    char answer[ANSWER_BYTES];
};

struct load {
    struct connection connections[CONNECTIONS_MAX];
    struct pollfd polls[CONNECTIONS_MAX];
    unsigned long count; /* connections */
    unsigned long sent, answered, wanted;
    char value[VALUE_BYTES + 1];
};

static int fail(const char *what)
{
    fprintf(stderr, "mc_load: cannot %s: %s\n", what, strerror(errno));
    return -1;
}

static int connection_open(struct connection *connection, unsigned long port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->socket < 0 || connect(connection->socket, (struct sockaddr *)&address, sizeof(address)) != 0)
        return fail("connect");
    int on = 1;
    if (setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
        return fail("set TCP_NODELAY");
    return 0;
}

static int connection_ask(struct connection *connection, const struct load *load, unsigned long key, bool set)
{
    char request[VALUE_BYTES + 64];
    int length = set ? snprintf(request, sizeof(request), "set key%lu 0 0 %d\r\n%s\r\n", key, VALUE_BYTES, load->value)
                     : snprintf(request, sizeof(request), "get key%lu\r\n", key);
    connection->set = set;
    connection->key = key;
    connection->received = 0;
    if (send(connection->socket, request, (size_t)length, MSG_NOSIGNAL) != length)
        return fail("send a request");
    return 0;
}

/* 1: the answer is whole and right; 0: more must come; -1: it is wrong, after a message. */
static int connection_check(struct connection *connection, const struct load *load)
{
    char expected[ANSWER_BYTES];
    int length = connection->set ? snprintf(expected, sizeof(expected), "STORED\r\n")
                                 : snprintf(expected, sizeof(expected), "VALUE key%lu 0 %d\r\n%s\r\nEND\r\n",
                                            connection->key, VALUE_BYTES, load->value);
    size_t known = connection->received < (size_t)length ? connection->received : (size_t)length;
    if (memcmp(connection->answer, expected, known) != 0 || connection->received > (size_t)length) {
        fprintf(stderr, "mc_load: wrong answer '%.*s'\n", (int)connection->received, connection->answer);
        return -1;
    }
    return connection->received == (size_t)length;
}

static int connection_receive(struct connection *connection)
{
    ssize_t size = recv(connection->socket, connection->answer + connection->received,
                        sizeof(connection->answer) - connection->received, 0);
    if (size == 0)
        errno = ECONNRESET;
    if (size <= 0)
        return fail("receive an answer");
    connection->received += (size_t)size;
    return 0;
}

static int load_ask(struct load *load, struct connection *connection, bool filling)
{
    unsigned long key = filling ? load->sent : load->sent * 7919 % KEYS;
    bool set = filling || load->sent % 10 == 0;
    load->sent++;
    return connection_ask(connection, load, key, set);
}

static int load_answer(struct load *load, struct connection *connection, bool filling)
{
    if (connection_receive(connection) != 0)
        return -1;
    int whole = connection_check(connection, load);
    if (whole != 1)
        return whole;
    load->answered++;
    return load->sent < load->wanted ? load_ask(load, connection, filling) : 0;
}

static int load_turn(struct load *load, bool filling)
{
    int ready = poll(load->polls, load->count, ANSWER_TIMEOUT_MS);
    if (ready < 0 && errno == EINTR)
        return 0;
    if (ready == 0)
        errno = ETIMEDOUT;
    if (ready <= 0)
        return fail("wait for answers");
    for (unsigned long i = 0; i < load->count; i++) {
        if (load->polls[i].revents != 0 && load_answer(load, &load->connections[i], filling) != 0)
            return -1;
    }
    return 0;
}

static int load_run(struct load *load, unsigned long requests, bool filling)
{
    load->sent = load->answered = 0;
    load->wanted = requests;
    for (unsigned long i = 0; i < load->count && load->sent < requests; i++) {
        if (load_ask(load, &load->connections[i], filling) != 0)
            return -1;
    }
    while (load->answered < requests) {
        if (load_turn(load, filling) != 0)
            return -1;
    }
    return 0;
}

static int load_open(struct load *load, unsigned long port, unsigned long count)
{
    load->count = count;
    memset(load->value, 'v', VALUE_BYTES);
    for (unsigned long i = 0; i < count; i++) {
        if (connection_open(&load->connections[i], port) != 0)
            return -1;
        load->polls[i] = (struct pollfd){.fd = load->connections[i].socket, .events = POLLIN};
    }
    return 0;
}

static int load_measure(struct load *load, unsigned long requests)
{
    if (load_run(load, KEYS, true) != 0)
        return -1;
    uint64_t begin_ns = measure_now_ns();
    if (load_run(load, requests, false) != 0)
        return -1;
    double wall_ns = (double)(measure_now_ns() - begin_ns) / (double)requests;
    return printf("requests=%lu wall_ns=%.1f\n", requests + KEYS, wall_ns) < 0 ? -1 : 0;
}

static unsigned long argument_number(const char *text)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    return *end == '\0' ? number : 0;
}

int main(int argc, char **argv)
{
    struct load load = {.count = 0};
    unsigned long port = argc == 5 ? argument_number(argv[1]) : 0;
    unsigned long count = argc == 5 ? argument_number(argv[2]) : 0;
    unsigned long requests = argc == 5 ? argument_number(argv[3]) : 0;
    if (port == 0 || port > 65535 || count == 0 || count > CONNECTIONS_MAX || requests == 0) {
        fprintf(stderr, "usage: mc_load PORT CONNECTIONS(1..%d) REQUESTS CPU\n", CONNECTIONS_MAX);
        return 2;
    }
    if (measure_bind(strtol(argv[4], NULL, 10)) != 0 || load_open(&load, port, count) != 0)
        return 1;
    return load_measure(&load, requests) != 0;
}
