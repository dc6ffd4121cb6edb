// expect: none
// about: on connections that do not block: pages asked for at once, a long answer that comes bit by bit, and two requests a page
#include "peer.h"

#include <poll.h>

#define PAGES 12
#define ITEMS 25
#define BYTES 48
#define LONG_ONE (1u << 20)

static void *serve(void *arg)
{
    static char text[LONG_ONE];
    int client = accept(*(int *)arg, NULL, NULL);
    while (peer_receive(client, text, BYTES)) {
        size_t size = text[0] == 'l' ? LONG_ONE : BYTES, piece = size / 32 + 16;
        for (size_t at = 0; at < size; at += piece) {
            peer_send(client, text + at, size - at < piece ? size - at : piece);
            usleep(100);
        }
    }
    close(client);
    return NULL;
}

static FRAME void hear(int fd, size_t size)
{
    static char text[LONG_ONE];
    struct pollfd one = {.fd = fd, .events = POLLIN};
    for (size_t got = 0; got < size;) {
        require(poll(&one, 1, 5000) == 1, "an answer in time");
        ssize_t n = recv(fd, text, size - got, 0);
        require(n > 0, "an answer");
        got += (size_t)n;
    }
}

static FRAME void ask(int fd, char what)
{
    char text[BYTES] = {what};
    peer_send(fd, text, sizeof text);
}

int main(void)
{
    int listener = peer_listen();
    pthread_t thread = thread_start(serve, &listener);
    int fd = peer_dial(0);
    require(fcntl(fd, F_SETFL, O_NONBLOCK) == 0, "does not block");
    for (int page = 0; page < PAGES; page++) {
        for (int item = 0; item < ITEMS; item++)
            ask(fd, 's');
        hear(fd, ITEMS * BYTES);
        nap_ms(2);
        ask(fd, 'l');
        hear(fd, LONG_ONE);
        nap_ms(2);
        for (int item = 0; item < 2; item++) {
            ask(fd, 's');
            hear(fd, BYTES);
        }
        nap_ms(2);
    }
    close(fd);
    thread_join(thread);
    close(listener);
    return 0;
}
