// expect: none
// about: a proxy that dials for each session of its clients: brief ones, with thirty requests each
#include "peer.h"

#define SESSIONS 60
#define REQUESTS 30

static void *serve(void *arg)
{
    char text[16];
    for (int i = 0; i < SESSIONS; i++) {
        int client = accept(*(int *)arg, NULL, NULL);
        require(client >= 0, "a session");
        while (peer_receive(client, text, sizeof text))
            peer_send(client, text, sizeof text);
        close(client);
    }
    return NULL;
}

static FRAME void pass_on_session(void)
{
    char text[16] = "select 1";
    int upstream = peer_dial(5000);
    for (int i = 0; i < REQUESTS; i++) {
        peer_send(upstream, text, sizeof text);
        require(peer_receive(upstream, text, sizeof text), "an answer");
        if (i % 5 == 4)
            nap_ms(2); /* the client thinks */
    }
    close(upstream);
}

int main(void)
{
    int listener = peer_listen();
    pthread_t thread = thread_start(serve, &listener);
    for (int i = 0; i < SESSIONS; i++) {
        pass_on_session();
        nap_ms(10);
    }
    thread_join(thread);
    close(listener);
    return 0;
}
