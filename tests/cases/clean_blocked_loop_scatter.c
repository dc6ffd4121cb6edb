// expect: none
// about: an agent asks four exporters, gathers their answers by poll with a limit, and sleeps until the next round
#include "peer.h"

#include <poll.h>

#define EXPORTERS 4
#define ROUNDS 15

static void *exporter(void *arg)
{
    char text[16];
    int fd = *(int *)arg;
    for (int i = 0; peer_receive(fd, text, sizeof text); i++) {
        nap_ms(3 * (i % 4 + 1));
        peer_send(fd, text, sizeof text);
    }
    close(fd);
    return NULL;
}

static FRAME void gather(int *fds)
{
    struct pollfd waiting[EXPORTERS];
    char text[16] = "metrics";
    for (int i = 0; i < EXPORTERS; i++) {
        peer_send(fds[i], text, sizeof text);
        waiting[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    }
    for (int got = 0; got < EXPORTERS;) {
        require(poll(waiting, EXPORTERS, 20000) > 0, "answers");
        for (int i = 0; i < EXPORTERS; i++) {
            if (waiting[i].fd < 0 || !(waiting[i].revents & POLLIN))
                continue;
            require(peer_receive(fds[i], text, sizeof text), "an answer");
            waiting[i].fd = -1;
            got++;
        }
    }
}

int main(void)
{
    int listener = peer_listen(), fds[EXPORTERS], ends[EXPORTERS];
    pthread_t threads[EXPORTERS];
    for (int i = 0; i < EXPORTERS; i++) {
        fds[i] = peer_dial(20000);
        ends[i] = accept(listener, NULL, NULL);
        threads[i] = thread_start(exporter, &ends[i]);
    }
    for (int i = 0; i < ROUNDS; i++) {
        gather(fds);
        nap_ms(100);
    }
    for (int i = 0; i < EXPORTERS; i++) {
        close(fds[i]);
        thread_join(threads[i]);
    }
    close(listener);
    return 0;
}
