// expect: no-timeout MEDIUM
// where: no-timeout read_reply
// kill: 2
// about: a line protocol over stdio; the peer greets, and then never answers the request
#include "peer.h"

#include <stdio.h>

static void *greet(void *listener)
{
    int client = accept(*(int *)listener, NULL, NULL);
    peer_send(client, "hello\n", 6);
    return NULL;
}

static FRAME int read_reply(FILE *peer)
{
    char line[64];
    return fgets(line, sizeof line, peer) != NULL;
}

int main(void)
{
    char greeting[64];
    int listener = peer_listen();
    pthread_t thread = thread_start(greet, &listener);
    FILE *peer = fdopen(peer_dial(0), "r+");
    require(peer && fgets(greeting, sizeof greeting, peer), "greeted");
    thread_join(thread);
    fprintf(peer, "status\n");
    fflush(peer);
    return read_reply(peer);
}
