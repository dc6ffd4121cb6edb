// expect: no-timeout MEDIUM
// where: no-timeout fetch
// about: a socket that does not block is polled for its answer without a limit
#include "peer.h"

#include <poll.h>

static FRAME int fetch(int fd)
{
    char text[PEER_MESSAGE] = "quota";
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    peer_send(fd, text, sizeof text);
    require(poll(&ready, 1, -1) == 1, "an answer");
    return recv(fd, text, sizeof text, 0) == sizeof text;
}

int main(void)
{
    return !peer_fetch(fetch);
}
