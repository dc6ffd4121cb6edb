#include "server.h"

#include "bugs.h"
#include "connection.h"
#include "queue.h"
#include "request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 32
#define WORKERS_MAX 64

struct server {
    unsigned bugs, turns;
    int listener, signals, epoll;
    struct connections connections;
    struct queue queue;
    struct backend backend;
    pthread_t workers[WORKERS_MAX];
    unsigned worker_count;
};

static int fail(const char *what)
{
    fprintf(stderr, "service: cannot %s: %s\n", what, strerror(errno));
    return -1;
}

static int watch(int epoll, int file, void *tag)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = tag};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event);
}

/* Whoever has a connection in hand, this thread or one worker, gives it back with this. */
static void rearm(struct server *server, struct connection *connection)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data.ptr = connection};
    if (epoll_ctl(server->epoll, EPOLL_CTL_MOD, connection->socket, &event) != 0)
        fail("watch a connection");
}

static void *worker_main(void *arg)
{
    struct server *server = arg;
    struct connection *connection;
    pthread_setname_np(pthread_self(), "worker");
    while ((connection = queue_pop(&server->queue))) {
        char line[LINE_BYTES], answer[ANSWER_BYTES];
        while (connection_line(connection, line)) {
            request_answer(&server->backend, line, answer);
            connection_send(connection, answer);
        }
        rearm(server, connection);
    }
    return NULL;
}

static void accept_one(struct server *server)
{
    int socket = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0)
        return;
    struct connection *connection = connections_add(&server->connections, socket);
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data.ptr = connection};
    if (!connection) {
        close(socket);
    } else if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, socket, &event) != 0) {
        fail("watch a connection");
        connections_remove(&server->connections, connection);
    }
}

static void receive(struct server *server, struct connection *connection)
{
    if (!connection_receive(connection))
        connections_remove(&server->connections, connection);
    else if (!connection_has_line(connection))
        rearm(server, connection);
    else if (!queue_push(&server->queue, connection))
        connections_remove(&server->connections, connection);
}

static __attribute__((noinline)) int events_wait(struct server *server, struct epoll_event *events)
{
    if (!(server->bugs & BUG_POLL) || ++server->turns % 4 != 0)
        return epoll_wait(server->epoll, events, EVENTS, -1);
    pthread_mutex_lock(&server->connections.lock); /* the bug: STATS needs it for its count of connections */
    int n = epoll_wait(server->epoll, events, EVENTS, 50);
    pthread_mutex_unlock(&server->connections.lock);
    return n;
}

static int serve(struct server *server)
{
    struct epoll_event events[EVENTS];
    for (;;) {
        int n = events_wait(server, events);
        if (n < 0 && errno != EINTR)
            return fail("wait for events");
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == &server->signals)
                return 0;
            if (events[i].data.ptr == &server->listener)
                accept_one(server);
            else
                receive(server, events[i].data.ptr);
        }
    }
}

static int listen_on(unsigned short port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t size = sizeof address;
    int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0)
        return fail("make a socket");
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 64) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        fail("listen");
        close(listener);
        return -1;
    }
    printf("listening on %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

static int open_files(struct server *server, unsigned short port)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    server->signals = signalfd(-1, &set, SFD_CLOEXEC);
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (server->signals < 0 || server->epoll < 0)
        return fail("open the event descriptors");
    if ((server->listener = listen_on(port)) < 0)
        return -1;
    if (watch(server->epoll, server->signals, &server->signals) != 0 ||
        watch(server->epoll, server->listener, &server->listener) != 0)
        return fail("watch for events");
    return 0;
}

static void close_files(struct server *server)
{
    const int files[] = {server->listener, server->signals, server->epoll};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (files[i] >= 0)
            close(files[i]);
    }
}

static int start_workers(struct server *server, unsigned count)
{
    while (server->worker_count < count && server->worker_count < WORKERS_MAX) {
        errno = pthread_create(&server->workers[server->worker_count], NULL, worker_main, server);
        if (errno != 0)
            return fail("start a worker");
        server->worker_count++;
    }
    return 0;
}

static void print_summary(struct cache *cache)
{
    struct cache_totals totals = cache_summary(cache);
    printf("%lu entries at the end, %lu of %lu gets found something\n", totals.entries, totals.hits, totals.gets);
}

int server_run(const struct server_options *options, struct cache *cache, struct audit *audit)
{
    struct server server = {.bugs = options->bugs, .listener = -1, .signals = -1, .epoll = -1};
    server.backend = (struct backend){cache, audit, &server.connections};
    connections_init(&server.connections);
    queue_init(&server.queue);

    int result = open_files(&server, options->port);
    if (result == 0)
        result = start_workers(&server, options->workers);
    if (result == 0)
        result = serve(&server);
    if (result == 0)
        print_summary(cache);

    queue_close(&server.queue);
    for (unsigned i = 0; i < server.worker_count; i++)
        pthread_join(server.workers[i], NULL);
    queue_release(&server.queue);
    connections_release(&server.connections);
    close_files(&server);
    return result;
}
