// expect: none
// options: tick-budget=5ms
// about: a worker serves one connection after the other: it polls that one alone, and keeps nobody waiting but its client
#include "case.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <stdbool.h>
#include <unistd.h>

#define CONNECTIONS 20
#define REQUESTS 3

static int connections[CONNECTIONS][2];

static FRAME bool request_read(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    char request;
    return poll(&wait, 1, 10000) == 1 && read(fd, &request, 1) == 1;
}

static FRAME void request_handle(int fd)
{
    usleep(8000); /* a disk, a database */
    if (write(fd, "+", 1) != 1)
        _exit(9);
}

static void *worker(void *arg)
{
    for (int i = 0; i < CONNECTIONS; i++)
        while (request_read(connections[i][0]))
            request_handle(connections[i][0]);
    return arg;
}

int main(void)
{
    pthread_t thread;
    char answer;
    for (int i = 0; i < CONNECTIONS; i++)
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, connections[i]))
            return 9;
    if (pthread_create(&thread, NULL, worker, NULL))
        return 9;
    for (int i = 0; i < CONNECTIONS; i++) {
        for (int r = 0; r < REQUESTS; r++)
            if (write(connections[i][1], "?", 1) != 1)
                return 9;
        for (int r = 0; r < REQUESTS; r++)
            if (read(connections[i][1], &answer, 1) != 1)
                return 9;
        close(connections[i][1]);
    }
    return pthread_join(thread, NULL) ? 9 : 0;
}
