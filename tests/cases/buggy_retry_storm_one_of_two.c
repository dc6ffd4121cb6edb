// expect: retry-storm MEDIUM|HIGH
// where: retry-storm dial_all
// about: of two backends that are dialled at one place, the first is gone: that the other is there ends no retries
#include "peer.h"

#define ROUNDS 14

/* The port of `gone` is kept by a socket that does not listen. */
static FRAME int dial_all(const struct sockaddr_in *gone)
{
    const struct sockaddr_in *at[2] = {gone, &peer_address};
    int found = 0;
    for (volatile int i = 0; i < 2; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        found += connect(fd, (const struct sockaddr *)at[i], sizeof *at[i]) == 0;
        close(fd);
    }
    return found;
}

int main(void)
{
    int listener = peer_listen(), kept = socket(AF_INET, SOCK_STREAM, 0), found = 0;
    struct sockaddr_in gone = peer_address;
    socklen_t size = sizeof gone;
    gone.sin_port = 0;
    require(bind(kept, (struct sockaddr *)&gone, size) == 0 && getsockname(kept, (struct sockaddr *)&gone, &size) == 0,
            "a port");
    for (int i = 0; i < ROUNDS; i++) {
        found += dial_all(&gone);
        nap_ms(50);
    }
    close(kept);
    close(listener);
    return found != ROUNDS;
}
