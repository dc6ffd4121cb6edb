// expect: retry-storm MEDIUM|HIGH
// where: retry-storm dial_once
// about: connects that do not block fail through SO_ERROR, and are begun anew every 20 ms for as long as it takes
#include "case.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in backend;

static FRAME int dial_once(void)
{
    int error = 0, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    socklen_t size = sizeof error;
    if (connect(fd, (struct sockaddr *)&backend, sizeof backend) < 0)
        error = errno;
    if (error == EINPROGRESS) {
        struct pollfd ready = {.fd = fd, .events = POLLOUT};
        poll(&ready, 1, 1000);
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    close(fd);
    return error;
}

int main(void)
{
    socklen_t size = sizeof backend;
    int taken = socket(AF_INET, SOCK_STREAM, 0);
    backend.sin_family = AF_INET;
    backend.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    require(bind(taken, (struct sockaddr *)&backend, size) == 0 &&
                    getsockname(taken, (struct sockaddr *)&backend, &size) == 0,
            "a port that refuses");
    for (int i = 0; i < 40; i++) {
        require(dial_once() == ECONNREFUSED, "refused");
        nap_ms(20);
    }
    close(taken);
    return 0;
}
