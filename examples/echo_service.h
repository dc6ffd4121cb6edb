/*
 * echo_service.h - the service on the loopback interface that some examples talk to: it sends back what it is sent,
 * SIZE bytes at a time, one client after the other, until one begins with q.
 */
#ifndef EXAMPLES_ECHO_SERVICE_H
#define EXAMPLES_ECHO_SERVICE_H

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define SIZE 200

static struct sockaddr_in address;

static int listening(void)
{
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 16) == 0 &&
                           getsockname(fd, (struct sockaddr *)&address, &size) == 0
                   ? fd
                   : -1;
}

/* Answers until the client has had enough, one client after the other. */
static void *serve(void *arg)
{
    char text[SIZE];
    int listener = *(int *)arg, client;
    while ((client = accept(listener, NULL, NULL)) >= 0) {
        ssize_t n;
        while ((n = recv(client, text, sizeof text, MSG_WAITALL)) == SIZE && text[0] != 'q')
            if (send(client, text, sizeof text, MSG_NOSIGNAL) != SIZE)
                break;
        close(client);
        if (n == SIZE && text[0] == 'q')
            break;
    }
    return NULL;
}

static int dial(void)
{
    struct timeval limit = {5, 0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static int ask(int fd, char *text)
{
    return send(fd, text, SIZE, MSG_NOSIGNAL) == SIZE && recv(fd, text, SIZE, MSG_WAITALL) == SIZE;
}

struct service {
    pthread_t thread;
    int listener;
};

static int service_start(struct service *s)
{
    s->listener = listening();
    return s->listener < 0 ? -1 : pthread_create(&s->thread, NULL, serve, &s->listener);
}

static int service_end(struct service *s)
{
    char text[SIZE] = "q";
    int last = dial(), sent = send(last, text, SIZE, MSG_NOSIGNAL) == SIZE;
    if (sent)
        pthread_join(s->thread, NULL);
    close(last);
    close(s->listener);
    return sent ? 0 : -1;
}
#endif
