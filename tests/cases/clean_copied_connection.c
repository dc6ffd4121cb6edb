// expect: none
// about: answers are read from a copy of the connection: of many requests at the start, and late ones under a limit
#include "peer.h"

#define LOADED 1200
#define LATE 12

static int listener;

static void *answer_all(void *arg)
{
    char text[64];
    int client = accept(listener, NULL, NULL), done = 0, at_once = *(int *)arg;
    ssize_t size = 0;
    while ((size = recv(client, text, sizeof text, 0)) > 0) {
        if (done++ >= at_once)
            nap_ms(20);
        peer_send(client, text, (size_t)size);
    }
    close(client);
    return arg;
}

static FRAME int ask(int fd, FILE *answers, int item)
{
    char text[64];
    int size = snprintf(text, sizeof text, "set %d\n", item);
    peer_send(fd, text, (size_t)size);
    return fgets(text, sizeof text, answers) != NULL;
}

static int session(int at_once, int items)
{
    pthread_t server = thread_start(answer_all, &at_once);
    struct timeval limit = {10, 0};
    int fd = peer_dial(0), good = 0;
    FILE *answers = fdopen(dup(fd), "r");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit); /* the copy has it, too */
    for (int i = 0; i < items; i++)
        good += ask(fd, answers, i);
    fclose(answers);
    close(fd);
    thread_join(server);
    return good;
}

int main(void)
{
    listener = peer_listen();
    /* The first answer to the second one is late: that of a connection on which nothing ever came. */
    int good = session(LOADED, LOADED + LATE) + session(0, LATE);
    close(listener);
    return good != LOADED + 2 * LATE;
}
