// expect: none
// about: one thread reads the answers that others asked for, who send by themselves and wait with limits of their own
#include "peer.h"

#include <poll.h>
#include <sys/epoll.h>

#define CALLERS 2
#define CALLS 8

static int listener, line, set;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t answered = PTHREAD_COND_INITIALIZER;
static int asked, answers, sent;

static void *answer_all(void *arg)
{
    char text[PEER_MESSAGE];
    int client = accept(listener, NULL, NULL);
    for (int i = 0; i < CALLERS * CALLS && peer_receive(client, text, sizeof text); i++) {
        nap_ms(25);
        peer_send(client, text, sizeof text);
    }
    close(client);
    return arg;
}

static int by_epoll(void)
{
    struct epoll_event event;
    return epoll_wait(set, &event, 1, -1);
}

static int by_poll(void)
{
    struct pollfd ready = {.fd = line, .events = POLLIN};
    return poll(&ready, 1, -1);
}

static void *read_answers(void *wait)
{
    char text[PEER_MESSAGE];
    ssize_t size = -1;
    stage_await(&sent, 1); /* something is due by its first wait */
    while (size && ((int (*)(void))wait)() == 1)
        while ((size = recv(line, text, sizeof text, 0)) > 0) {
            pthread_mutex_lock(&lock);
            answers++;
            pthread_cond_broadcast(&answered);
            pthread_mutex_unlock(&lock);
        }
    return NULL;
}

static void *call(void *arg)
{
    char text[PEER_MESSAGE] = "price";
    for (int i = 0; i < CALLS; i++) {
        struct timespec limit;
        clock_gettime(CLOCK_REALTIME, &limit);
        limit.tv_sec += 10;
        pthread_mutex_lock(&lock);
        peer_send(line, text, sizeof text);
        stage_reach(&sent, 1);
        int mine = ++asked;
        while (answers < mine)
            must(pthread_cond_timedwait(&answered, &lock, &limit), "an answer in time");
        pthread_mutex_unlock(&lock);
        nap_ms(5);
    }
    return arg;
}

static void session(int (*wait)(void))
{
    pthread_t server = thread_start(answer_all, NULL), callers[CALLERS], reader;
    struct epoll_event event = {.events = EPOLLIN};
    sent = 0;
    line = peer_dial(0);
    fcntl(line, F_SETFL, O_NONBLOCK);
    set = epoll_create1(0);
    require(epoll_ctl(set, EPOLL_CTL_ADD, line, &event) == 0, "epoll_ctl");
    reader = thread_start(read_answers, (void *)wait);
    for (int i = 0; i < CALLERS; i++)
        callers[i] = thread_start(call, NULL);
    for (int i = 0; i < CALLERS; i++)
        thread_join(callers[i]);
    thread_join(server);
    thread_join(reader);
    close(set);
    close(line);
}

int main(void)
{
    listener = peer_listen();
    session(by_epoll);
    session(by_poll);
    close(listener);
    return answers != 2 * CALLERS * CALLS;
}
