// expect: chatty-io MEDIUM
// where: chatty-io fetch_item
// about: a page asks for its items one by one, on a connection that does not block, with a limit on each wait
#include "peer.h"

#include <poll.h>

#define PAGES 12
#define ITEMS 25
#define BYTES 48

static void *serve(void *arg)
{
    char text[BYTES];
    int client = accept(*(int *)arg, NULL, NULL);
    while (peer_receive(client, text, sizeof text)) {
        usleep(200); /* or the answer is there before anybody waits, where both share a processor */
        peer_send(client, text, sizeof text);
    }
    close(client);
    return NULL;
}

static FRAME void wait_for(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    require(poll(&one, 1, 5000) == 1, "an answer in time");
}

static FRAME void fetch_item(int fd, int item)
{
    char text[BYTES] = "item";
    size_t got = 0;
    text[4] = (char)item;
    peer_send(fd, text, sizeof text);
    while (got < sizeof text) {
        ssize_t n = recv(fd, text + got, sizeof text - got, 0);
        if (n > 0)
            got += (size_t)n;
        else if (n < 0 && errno == EAGAIN)
            wait_for(fd);
        else
            require(0, "an answer");
    }
}

int main(void)
{
    int listener = peer_listen();
    pthread_t thread = thread_start(serve, &listener);
    int fd = peer_dial(0);
    require(fcntl(fd, F_SETFL, O_NONBLOCK) == 0, "does not block");
    for (int page = 0; page < PAGES; page++) {
        for (int item = 0; item < ITEMS; item++)
            fetch_item(fd, item);
        nap_ms(5);
    }
    close(fd);
    thread_join(thread);
    close(listener);
    return 0;
}
