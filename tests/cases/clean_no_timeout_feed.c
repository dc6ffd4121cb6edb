// expect: none
// about: lines on which the peer speaks when it likes, read by blocking calls, by poll and by epoll, and a datagram server
#include "peer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>

#define EVENTS 4

static int listener, server;

static void *publish(void *arg)
{
    char text[8] = "event";
    for (int client = 0; client < 3; client++) {
        int fd = accept(listener, NULL, NULL);
        require(peer_receive(fd, text, sizeof text), "a subscription");
        peer_send(fd, text, sizeof text);
        for (int i = 0; i < EVENTS; i++) {
            nap_ms(70);
            peer_send(fd, text, sizeof text);
        }
        close(fd);
    }
    return arg;
}

static int subscribe(int flags)
{
    char text[8] = "all";
    int fd = peer_dial(0);
    struct timeval limit = {2, 0}, none = {0, 0};
    peer_send(fd, text, sizeof text);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    require(peer_receive(fd, text, sizeof text), "accepted");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none);
    nap_ms(20); /* what it does with it */
    fcntl(fd, F_SETFL, flags);
    return fd;
}

static int followed(void)
{
    char text[8];
    int fd = subscribe(0), events = 0;
    while (peer_receive(fd, text, sizeof text))
        events++;
    close(fd);
    return events;
}

static int polled(void)
{
    char text[8];
    int fd = subscribe(O_NONBLOCK), events = 0;
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    while (poll(&ready, 1, -1) == 1 && recv(fd, text, sizeof text, 0) > 0)
        events++;
    close(fd);
    return events;
}

static int watched(void)
{
    char text[8];
    int fd = subscribe(O_NONBLOCK), set = epoll_create1(0), events = 0;
    struct epoll_event event = {.events = EPOLLIN};
    require(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
    while (epoll_wait(set, &event, 1, -1) == 1 && recv(fd, text, sizeof text, 0) > 0)
        events++;
    close(set);
    close(fd);
    return events;
}

/* Is asked now and then; what it answers asks for nothing. */
static void *serve_messages(void *arg)
{
    char text[8];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    for (int i = 0; i < EVENTS; i++) {
        require(recvfrom(server, text, sizeof text, 0, (struct sockaddr *)&from, &size) > 0, "a question");
        sendto(server, text, sizeof text, 0, (struct sockaddr *)&from, size);
    }
    return arg;
}

static int asked(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    struct timeval limit = {2, 0};
    int fd = socket(AF_INET, SOCK_DGRAM, 0), answers = 0;
    char text[8] = "who";
    server = socket(AF_INET, SOCK_DGRAM, 0);
    require(bind(server, (struct sockaddr *)&at, size) == 0 && getsockname(server, (struct sockaddr *)&at, &size) == 0,
            "a server");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    pthread_t thread = thread_start(serve_messages, NULL);
    for (int i = 0; i < EVENTS; i++) {
        nap_ms(50);
        sendto(fd, text, sizeof text, 0, (struct sockaddr *)&at, size);
        answers += recv(fd, text, sizeof text, 0) > 0;
    }
    thread_join(thread);
    close(fd);
    close(server);
    return answers;
}

int main(void)
{
    listener = peer_listen();
    pthread_t thread = thread_start(publish, NULL);
    int events = followed() + polled() + watched();
    thread_join(thread);
    close(listener);
    return events != 3 * EVENTS || asked() != EVENTS;
}
