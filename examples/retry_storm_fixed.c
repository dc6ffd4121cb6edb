// expect: none
/*
 * As retry_storm.c, but ship() waits between tries, twice as long each time and with a random part, and gives up after
 * five.
 *
 * Kiwi prints no finding.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in collector;

static __attribute__((noinline)) int ship(const char *lines)
{
    for (int tries = 0, wait_ms = 5; tries < 5; tries++, wait_ms *= 2) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int sent = connect(fd, (struct sockaddr *)&collector, sizeof collector) == 0 &&
                   send(fd, lines, strlen(lines), MSG_NOSIGNAL) > 0;
        close(fd);
        if (sent)
            return 0;
        usleep((useconds_t)(wait_ms * 1000 + rand() % (wait_ms * 500)));
    }
    return -1;
}

int main(void)
{
    /* Bound, but not listening: the port refuses connections, and nobody else can have it. */
    socklen_t size = sizeof collector;
    int lost = 0, taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    collector.sin_family = AF_INET;
    collector.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(taken, (struct sockaddr *)&collector, size) || getsockname(taken, (struct sockaddr *)&collector, &size))
        return 1;
    for (int batch = 0; batch < 2; batch++)
        lost += ship("a line\n") != 0;
    close(taken);
    printf("%d batches lost\n", lost);
    return 0;
}
