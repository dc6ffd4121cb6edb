// expect: no-timeout MEDIUM
// where: no-timeout fetch
// about: a client that does not block waits for its answer in select without a limit, on nothing else
#include "peer.h"

#include <fcntl.h>
#include <sys/select.h>

static void *serve(void *arg)
{
    char text[16];
    int client = accept(*(int *)arg, NULL, NULL);
    require(peer_receive(client, text, sizeof text), "a request");
    nap_ms(150);
    peer_send(client, text, sizeof text);
    close(client);
    return NULL;
}

static FRAME int fetch(int fd)
{
    char text[16] = "quota";
    fd_set ready;
    FD_ZERO(&ready);
    FD_SET(fd, &ready);
    peer_send(fd, text, sizeof text);
    require(select(fd + 1, &ready, NULL, NULL, NULL) == 1, "an answer");
    return recv(fd, text, sizeof text, 0) == sizeof text;
}

int main(void)
{
    int listener = peer_listen();
    pthread_t thread = thread_start(serve, &listener);
    int fd = peer_dial(1000);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    int found = fetch(fd);
    thread_join(thread);
    close(fd);
    close(listener);
    return !found;
}
