// expect: retry-storm HIGH
// where: retry-storm ship
/*
 * ship() sends a batch of log lines to a collector. When the connection is refused it dials again at once, fifty times.
 *
 * Kiwi prints retry-storm (HIGH): how many tries followed each other without a wait, and to which address.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in collector;

static __attribute__((noinline)) int ship(const char *lines)
{
    for (int tries = 0; tries < 50; tries++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int sent = connect(fd, (struct sockaddr *)&collector, sizeof collector) == 0 &&
                   send(fd, lines, strlen(lines), MSG_NOSIGNAL) > 0;
        close(fd);
        if (sent)
            return 0;
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
    for (int batch = 0; batch < 5; batch++)
        lost += ship("a line\n") != 0;
    close(taken);
    printf("%d batches lost\n", lost);
    return 0;
}
