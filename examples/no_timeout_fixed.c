// expect: none
/*
 * As no_timeout.c, but the socket has a limit for sending and receiving.
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

/* Takes its time for the answer. */
static void *serve(void *arg)
{
    char text[SIZE];
    int client = accept(*(int *)arg, NULL, NULL);
    if (recv(client, text, sizeof text, MSG_WAITALL) == SIZE) {
        usleep(300000);
        send(client, text, sizeof text, MSG_NOSIGNAL);
    }
    close(client);
    return NULL;
}

static __attribute__((noinline)) int quota(const char *tenant)
{
    struct timeval limit = {5, 0};
    char text[SIZE] = "";
    int left = -1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    snprintf(text, sizeof text, "%s", tenant);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 && send(fd, text, SIZE, MSG_NOSIGNAL) == SIZE)
        left = recv(fd, text, SIZE, MSG_WAITALL) == SIZE ? 100 : -1;
    close(fd);
    return left;
}

int main(void)
{
    pthread_t id;
    int listener = listening();
    if (listener < 0 || pthread_create(&id, NULL, serve, &listener))
        return 1;
    int left = quota("tenant 7");
    pthread_join(id, NULL);
    close(listener);
    printf("%d left\n", left);
    return 0;
}
