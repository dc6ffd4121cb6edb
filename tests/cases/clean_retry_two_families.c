// expect: none
// about: a name has two addresses, nobody listens at the first of them, and each connection is made to the other one
#include "peer.h"

#define CONNECTIONS 14

static FRAME int dial_name(void)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = peer_address.sin_port};
    const struct sockaddr *at[2] = {(struct sockaddr *)&six, (struct sockaddr *)&peer_address};
    socklen_t size[2] = {sizeof six, sizeof peer_address};
    six.sin6_addr.s6_addr[15] = 1;
    for (volatile int i = 0; i < 2; i++) { /* one call, at one place */
        int fd = socket(at[i]->sa_family, SOCK_STREAM, 0);
        if (fd >= 0 && connect(fd, at[i], size[i]) == 0)
            return fd;
        if (fd >= 0)
            close(fd);
    }
    return -1;
}

int main(void)
{
    int listener = peer_listen(), good = 0;
    for (int i = 0; i < CONNECTIONS; i++) {
        int fd = dial_name(), client = accept(listener, NULL, NULL);
        good += fd >= 0 && client >= 0;
        close(client);
        close(fd);
        nap_ms(80);
    }
    close(listener);
    return good != CONNECTIONS;
}
