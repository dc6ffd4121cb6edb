// expect: none
// about: waits for peers that something else ends: an alarm, a watchdog, keep-alive probes, another thread's patience
#include "peer.h"

#include <netinet/tcp.h>
#include <signal.h>
#include <sys/select.h>

#define LATE_MS 60

static int listener;
static int answered, stuck = -1;

static void on_alarm(int number)
{
    (void)number;
}

/* Answers four clients late, and the last one not at all. */
static void *serve(void *arg)
{
    char text[8];
    for (int i = 0; i < 4; i++) {
        int client = accept(listener, NULL, NULL);
        require(peer_receive(client, text, sizeof text), "a request");
        if (i < 3) {
            nap_ms(LATE_MS);
            peer_send(client, text, sizeof text);
        } else {
            require(!peer_receive(client, text, sizeof text), "no more");
        }
        close(client);
    }
    return arg;
}

static int ask(int fd)
{
    char text[8] = "a";
    peer_send(fd, text, sizeof text);
    return peer_receive(fd, text, sizeof text);
}

static int by_alarm(void)
{
    int fd = peer_dial(0);
    alarm(20);
    int got = ask(fd);
    alarm(0);
    close(fd);
    return got;
}

static int by_probes(void)
{
    int fd = peer_dial(0), yes = 1, after = 20;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &after, sizeof after);
    int got = ask(fd);
    close(fd);
    return got;
}

/* Hands on what comes; who asked waits for it with a limit of his own. */
static void *listen_for_others(void *arg)
{
    char text[8];
    require(peer_receive(*(int *)arg, text, sizeof text), "an answer");
    stage_reach(&answered, 1);
    return NULL;
}

static int by_patience(void)
{
    int fd = peer_dial(0), patience = 2000;
    pthread_t reader = thread_start(listen_for_others, &fd);
    peer_send(fd, "question", 8);
    while (!__atomic_load_n(&answered, __ATOMIC_SEQ_CST) && patience--)
        nap_ms(1);
    thread_join(reader);
    close(fd);
    return patience > 0;
}

static void *watch(void *arg)
{
    while (__atomic_load_n(&stuck, __ATOMIC_SEQ_CST) < 0)
        nap_ms(1);
    nap_ms(LATE_MS);
    shutdown(stuck, SHUT_RDWR);
    return arg;
}

static int by_watchdog(void)
{
    int fd = peer_dial(0);
    pthread_t watchdog = thread_start(watch, NULL);
    stage_reach(&stuck, fd);
    int got = ask(fd);
    thread_join(watchdog);
    close(fd);
    return !got;
}

int main(void)
{
    signal(SIGALRM, on_alarm);
    listener = peer_listen();
    pthread_t server = thread_start(serve, NULL);
    int good = by_alarm() + by_probes() + by_patience() + by_watchdog();
    thread_join(server);
    close(listener);
    return good != 4;
}
