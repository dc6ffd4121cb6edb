// expect: no-timeout MEDIUM
// where: no-timeout reconnect
// kill: 2
// about: the peer takes no more connections, and its network drops the packets: connect has no limit of the service's own
#include "peer.h"

#include <fcntl.h>

static void fill(void)
{
    for (int i = 0; i < 8; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(fd, (struct sockaddr *)&peer_address, sizeof peer_address);
    }
}

static FRAME int reconnect(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    require(connect(fd, (struct sockaddr *)&peer_address, sizeof peer_address) == 0, "connected");
    return fd;
}

int main(void)
{
    int listener = peer_listen();
    require(listen(listener, 0) == 0, "listen");
    fill();
    nap_ms(50);
    return reconnect() < 0;
}
