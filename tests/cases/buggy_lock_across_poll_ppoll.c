// expect: lock-across-poll HIGH
// where: lock-across-poll link_listen
// allow: lock-across-block lock-contention long-hold
// about: a link waits for its peer in ppoll with the link's recursive lock held, senders queue up behind it
#define _GNU_SOURCE
#include "case.h"
#include <poll.h>
#include <unistd.h>

struct link {
    pthread_mutex_t lock;
    int in, out;
    int received, sent;
};

static struct link link_;

static FRAME int link_listen(struct link *self)
{
    struct pollfd ready = {.fd = self->in, .events = POLLIN};
    struct timespec limit = {1, 0};
    char byte;
    pthread_mutex_lock(&self->lock);
    int n = ppoll(&ready, 1, &limit, NULL);
    if (n > 0 && read(self->in, &byte, 1) == 1)
        self->received++;
    pthread_mutex_unlock(&self->lock);
    return n;
}

static FRAME int link_send(struct link *self)
{
    pthread_mutex_lock(&self->lock);
    int n = ++self->sent;
    pthread_mutex_unlock(&self->lock);
    return n;
}

static void *listener(void *arg)
{
    for (int i = 0; i < 4; i++)
        link_listen(arg);
    return NULL;
}

static void *peer(void *arg)
{
    struct link *self = arg;
    for (int i = 0; i < 4; i++) {
        nap_ms(70);
        require(write(self->out, "x", 1) == 1, "write");
    }
    return NULL;
}

int main(void)
{
    int ends[2];
    require(pipe(ends) == 0, "pipe");
    link_.in = ends[0];
    link_.out = ends[1];
    mutex_init_kind(&link_.lock, PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
    pthread_t a = thread_start(listener, &link_), b = thread_start(peer, &link_);
    nap_ms(30);
    link_send(&link_);
    thread_join(a);
    thread_join(b);
    return link_.received != 4;
}
