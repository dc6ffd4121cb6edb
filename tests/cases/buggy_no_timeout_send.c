// expect: no-timeout MEDIUM
// where: no-timeout upload
// about: a peer stops reading for a while, and a send without a limit waits until there is room again
#include "peer.h"

#define PIECES 128

static char piece[65536];

static void *serve(void *arg)
{
    static char text[sizeof piece];
    int client = accept(*(int *)arg, NULL, NULL);
    nap_ms(200);
    for (int i = 0; i < PIECES; i++)
        require(peer_receive(client, text, sizeof text), "a piece");
    peer_send(client, text, 1);
    close(client);
    return NULL;
}

static FRAME void upload(int fd)
{
    for (int i = 0; i < PIECES; i++)
        peer_send(fd, piece, sizeof piece);
}

int main(void)
{
    int listener = peer_listen();
    pthread_t thread = thread_start(serve, &listener);
    int fd = peer_dial(0);
    struct timeval limit = {5, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    upload(fd);
    require(peer_receive(fd, piece, 1), "an answer");
    close(fd);
    thread_join(thread);
    close(listener);
    return 0;
}
