// expect: none
// about: twelve replicas are tried in turn and refuse, the thirteenth answers; later a server is up after two tries
#include "case.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPLICAS 13

static struct sockaddr_in replica[REPLICAS];
static int port[REPLICAS];

static FRAME int dial(const struct sockaddr_in *to)
{
    struct timeval limit = {2, 0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(fd, (const struct sockaddr *)to, sizeof *to) == 0)
        return fd;
    close(fd);
    return -1;
}

int main(void)
{
    int fd = -1;
    for (int i = 0; i < REPLICAS; i++) {
        socklen_t size = sizeof replica[i];
        port[i] = socket(AF_INET, SOCK_STREAM, 0);
        replica[i].sin_family = AF_INET;
        replica[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        require(bind(port[i], (struct sockaddr *)&replica[i], size) == 0 &&
                        getsockname(port[i], (struct sockaddr *)&replica[i], &size) == 0,
                "a port");
    }
    require(listen(port[REPLICAS - 1], 4) == 0, "one of them listens");
    for (int i = 0; i < REPLICAS && fd < 0; i++)
        fd = dial(&replica[i]);
    require(fd >= 0, "the last one answers");
    close(fd);
    for (int tries = 0; (fd = dial(&replica[0])) < 0; tries++) {
        nap_ms(50);
        require(tries < 2 && (tries < 1 || listen(port[0], 4) == 0), "it comes up");
    }
    close(fd);
    for (int i = 0; i < REPLICAS; i++)
        close(port[i]);
    return 0;
}
