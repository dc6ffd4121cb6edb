// expect: none
/*
 * As chatty_io.c, but one request asks for all authors of a page.
 *
 * Kiwi prints no finding.
 */
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

static __attribute__((noinline)) int authors(int fd, int first, int count)
{
    char text[SIZE] = "";
    snprintf(text, sizeof text, "authors of %d to %d", first, first + count);
    return ask(fd, text) ? count : 0;
}

static int render(int fd, int page)
{
    return authors(fd, page * 30, 30);
}

int main(void)
{
    pthread_t id;
    char text[SIZE] = "";
    int found = 0, listener = listening();
    if (listener < 0 || pthread_create(&id, NULL, serve, &listener))
        return 1;
    int fd = dial();
    for (int page = 0; page < 20; page++) {
        found += render(fd, page);
        usleep(20000);
    }
    close(fd);
    text[0] = 'q';
    int last = dial();
    if (send(last, text, SIZE, MSG_NOSIGNAL) != SIZE)
        return 1;
    pthread_join(id, NULL);
    close(last);
    close(listener);
    printf("%d authors\n", found);
    return 0;
}
