// expect: conn-churn MEDIUM
// where: conn-churn report_metric
// about: connects in the background that nobody asks about, each closed after one message
#include "peer.h"

#include <fcntl.h>
#include <poll.h>

#define MESSAGES 120

static void *serve(void *arg)
{
    char text[8];
    for (int i = 0; i < MESSAGES; i++) {
        int client = accept(*(int *)arg, NULL, NULL);
        require(client >= 0 && peer_receive(client, text, sizeof text), "a message");
        close(client);
    }
    return NULL;
}

static FRAME void report_metric(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    if (connect(fd, (struct sockaddr *)&peer_address, sizeof peer_address) < 0)
        require(errno == EINPROGRESS && poll(&ready, 1, 5000) == 1, "connected");
    peer_send(fd, "metrics", 8);
    close(fd);
}

int main(void)
{
    int listener = peer_listen();
    pthread_t thread = thread_start(serve, &listener);
    for (int i = 0; i < MESSAGES; i++) {
        report_metric();
        nap_ms(10);
    }
    thread_join(thread);
    close(listener);
    return 0;
}
