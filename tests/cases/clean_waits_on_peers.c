// expect: none
// about: a server's waits for clients, a line on which events are pushed, and a loop with something to wake it up
#include "peer.h"

#include <poll.h>
#include <sys/eventfd.h>

static int wake;

static void *publish(void *arg)
{
    char text[16] = "event";
    int client = accept(*(int *)arg, NULL, NULL);
    require(peer_receive(client, text, sizeof text), "a subscription");
    peer_send(client, text, sizeof text);
    for (int i = 0; i < 3; i++) {
        nap_ms(60);
        peer_send(client, text, sizeof text);
    }
    nap_ms(60);
    require(eventfd_write(wake, 1) == 0, "wake");
    close(client);
    return NULL;
}

static FRAME int follow(int fd)
{
    char text[16] = "subscribe";
    int events = 0;
    struct timeval limit = {2, 0}, none = {0, 0};
    peer_send(fd, text, sizeof text);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    require(peer_receive(fd, text, sizeof text), "it is accepted");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none);
    while (events < 2 && peer_receive(fd, text, sizeof text))
        events++;
    struct pollfd both[2] = {{.fd = fd, .events = POLLIN}, {.fd = wake, .events = POLLIN}};
    while (!(both[1].revents & POLLIN)) {
        poll(both, 2, -1);
        if (both[0].revents & POLLIN)
            events += recv(fd, text, sizeof text, MSG_DONTWAIT) > 0;
    }
    return events;
}

int main(void)
{
    int listener = peer_listen();
    wake = eventfd(0, 0);
    pthread_t thread = thread_start(publish, &listener);
    int fd = peer_dial(0), events = follow(fd);
    thread_join(thread);
    close(fd);
    close(wake);
    close(listener);
    return events < 2;
}
