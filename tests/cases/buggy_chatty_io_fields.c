// expect: chatty-io MEDIUM
// where: chatty-io put_field
// about: a server sends its answers field by field, a system call each
#include "peer.h"

#define ANSWERS 60
#define FIELDS 24

static FRAME void put_field(int fd, int n)
{
    char field[8] = "field";
    field[7] = (char)n;
    require(send(fd, field, sizeof field, MSG_NOSIGNAL) == sizeof field, "sent");
}

static void *serve(void *arg)
{
    char request[8];
    int client = accept(*(int *)arg, NULL, NULL);
    while (peer_receive(client, request, sizeof request))
        for (int i = 0; i < FIELDS; i++)
            put_field(client, i);
    close(client);
    return NULL;
}

int main(void)
{
    char request[8] = "get", answer[8 * FIELDS];
    int listener = peer_listen();
    pthread_t thread = thread_start(serve, &listener);
    int fd = peer_dial(5000);
    for (int i = 0; i < ANSWERS; i++) {
        peer_send(fd, request, sizeof request);
        require(peer_receive(fd, answer, sizeof answer), "an answer");
    }
    close(fd);
    thread_join(thread);
    close(listener);
    return 0;
}
