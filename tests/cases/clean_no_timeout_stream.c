// expect: none
// kill: 2
// about: stdio on connections that may wait: one with a limit, one that is a client's, one with a feed of events
#include "peer.h"

#include <stdio.h>

static void *push_events(void *listener)
{
    int subscriber = accept(*(int *)listener, NULL, NULL);
    for (int i = 0; i < 4; i++) {
        peer_send(subscriber, "event\n", 6);
        nap_ms(80);
    }
    return NULL;
}

static FRAME void *serve_one(void *listener)
{
    char line[64];
    FILE *client = fdopen(accept(*(int *)listener, NULL, NULL), "r");
    while (client && fgets(line, sizeof line, client))
        ;
    return NULL;
}

static FRAME void *follow_events(void *feed)
{
    char line[64];
    while (fgets(line, sizeof line, feed))
        ;
    return NULL;
}

int main(void)
{
    char line[64];
    int listener = peer_listen();
    pthread_t pusher = thread_start(push_events, &listener);
    FILE *feed = fdopen(peer_dial(0), "r");
    thread_join(pusher);
    thread_start(follow_events, feed);
    thread_start(serve_one, &listener);
    FILE *bounded = fdopen(peer_dial(100), "r+");
    fputs("status\n", bounded);
    fflush(bounded);
    require(!fgets(line, sizeof line, bounded), "the limit ran out");
    pause();
    return 0;
}
