// expect: no-timeout MEDIUM
// where: no-timeout fetch
// about: a client that does not block waits for its answer in select without a limit, on nothing else
#include "peer.h"

#include <sys/select.h>

static FRAME int fetch(int fd)
{
    char text[PEER_MESSAGE] = "quota";
    fd_set ready;
    FD_ZERO(&ready);
    FD_SET(fd, &ready);
    peer_send(fd, text, sizeof text);
    require(select(fd + 1, &ready, NULL, NULL, NULL) == 1, "an answer");
    return recv(fd, text, sizeof text, 0) == sizeof text;
}

int main(void)
{
    return !peer_fetch(fetch);
}
