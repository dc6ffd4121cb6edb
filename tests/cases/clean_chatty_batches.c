// expect: none
// about: pipelined requests, a bulk load in one go, header and body in two sends, and bytes handed over inside the process
#include "peer.h"

static void *serve(void *arg)
{
    char text[32];
    int client = accept(*(int *)arg, NULL, NULL);
    while (peer_receive(client, text, sizeof text))
        if (send(client, text, sizeof text, MSG_NOSIGNAL) < 0)
            break;
    close(client);
    return NULL;
}

static FRAME void pipelined(int fd, int count)
{
    char texts[64][32] = {{0}};
    peer_send(fd, texts, (size_t)count * 32);
    for (int i = 0; i < count; i++)
        require(peer_receive(fd, texts[i], 32), "an answer");
}

static FRAME void one_by_one(int fd, int count)
{
    char text[32] = "row";
    for (int i = 0; i < count; i++) {
        peer_send(fd, text, 8);
        peer_send(fd, text + 8, 24);
        require(peer_receive(fd, text, 32), "an answer");
    }
}

int main(void)
{
    int listener = peer_listen(), ends[2];
    char byte = 0;
    pthread_t thread = thread_start(serve, &listener);
    int fd = peer_dial(5000);
    for (int page = 0; page < 20; page++) {
        pipelined(fd, 40);
        one_by_one(fd, 2);
        nap_ms(2);
    }
    one_by_one(fd, 1000);
    close(fd);
    thread_join(thread);
    close(listener);
    require(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "a pair");
    for (int i = 0; i < 3000; i++)
        require(write(ends[0], &byte, 1) == 1 && read(ends[1], &byte, 1) == 1, "wakes itself");
    close(ends[0]);
    close(ends[1]);
    return 0;
}
