// expect: error-loop HIGH
// where: error-loop next_answer
/*
 * next_answer() asks a socket that does not block, and when there is nothing yet it asks again, and again.
 *
 * Kiwi prints error-loop (HIGH): how often in a row recv said EAGAIN, and for how long the thread did nothing else.
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int pair[2];

static void *answer(void *arg)
{
    struct timespec pause = {0, 400000000};
    for (int i = 0; i < 2; i++) {
        nanosleep(&pause, NULL);
        if (send(pair[1], "4711", 4, MSG_NOSIGNAL) != 4)
            break;
    }
    return arg;
}

static __attribute__((noinline)) long next_answer(char *text, size_t size)
{
    ssize_t n;
    do
        n = recv(pair[0], text, size, 0);
    while (n < 0);
    return n;
}

int main(void)
{
    pthread_t id;
    char text[16];
    long bytes = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) || pthread_create(&id, NULL, answer, NULL))
        return 1;
    for (int i = 0; i < 2; i++)
        bytes += next_answer(text, sizeof text);
    pthread_join(id, NULL);
    close(pair[0]);
    close(pair[1]);
    printf("%ld bytes\n", bytes);
    return 0;
}
