// expect: no-timeout MEDIUM
// where: no-timeout login
// kill: 2
// about: the peer accepts and says nothing; the greeting is waited for without a limit
#include "peer.h"

static FRAME int login(int fd)
{
    char greeting[8];
    ssize_t n = read(fd, greeting, sizeof greeting);
    return n > 0;
}

int main(void)
{
    int listener = peer_listen(), fd = peer_dial(0);
    return login(fd) + listener;
}
