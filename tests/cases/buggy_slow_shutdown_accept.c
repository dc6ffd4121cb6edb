// expect: slow-shutdown
// where: slow-shutdown next_client
// options: shutdown-budget=200ms
// about: the handler sets a flag, but accept is restarted: the flag is seen when the next client comes
#include "peer.h"

#include <signal.h>

static volatile sig_atomic_t stop;

static void on_term(int number)
{
    (void)number;
    stop = 1;
}

static void *late_client(void *arg)
{
    nap_ms(1000);
    close(peer_dial(0));
    return arg;
}

static void *terminate(void *arg)
{
    nap_ms(100);
    pthread_kill(*(pthread_t *)arg, SIGTERM);
    return arg;
}

static FRAME int next_client(int listener)
{
    int client = accept(listener, NULL, NULL);
    require(client >= 0, "a client");
    return close(client);
}

int main(void)
{
    pthread_t self = pthread_self(), killer, client;
    int listener = peer_listen();
    signal(SIGTERM, on_term); /* with SA_RESTART */
    must(pthread_create(&killer, NULL, terminate, &self), "pthread_create");
    must(pthread_create(&client, NULL, late_client, NULL), "pthread_create");
    while (!stop)
        next_client(listener);
    must(pthread_join(killer, NULL), "pthread_join");
    must(pthread_join(client, NULL), "pthread_join");
    return 0;
}
