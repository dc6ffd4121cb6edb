// expect: lock-order-cycle CRITICAL
// where: lock-order-cycle sweep
// where: lock-order-cycle session_close
// about: a sweeper takes each session's lock before the thread that made it does, and the two do so in either order
#include "case.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

struct session {
    pthread_mutex_t lock;
    struct session *next;
    int swept;
};

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct session *_Atomic list;
static atomic_int closing = 1, stop; /* they take turns here, so that it never hangs */

static FRAME void sweep(void)
{
    must(pthread_mutex_lock(&list_lock), "lock the list");
    for (struct session *s = list; s != NULL; s = s->next) {
        must(pthread_mutex_lock(&s->lock), "lock a session");
        s->swept++;
        must(pthread_mutex_unlock(&s->lock), "unlock it");
    }
    must(pthread_mutex_unlock(&list_lock), "unlock the list");
}

static void *sweeper(void *arg)
{
    while (!stop) {
        if (!closing) {
            sweep();
            closing = 1;
        }
        nap_ms(1);
    }
    return arg;
}

static FRAME void session_close(struct session *s)
{
    must(pthread_mutex_lock(&s->lock), "lock a session");
    must(pthread_mutex_lock(&list_lock), "lock the list");
    list = NULL;
    must(pthread_mutex_unlock(&list_lock), "unlock the list");
    must(pthread_mutex_unlock(&s->lock), "unlock it");
}

static struct session *session_open(void)
{
    struct session *s = calloc(1, sizeof *s);
    require(s != NULL, "memory");
    must(pthread_mutex_init(&s->lock, NULL), "make its lock");
    list = s; /* without the lock: there is but one who does this */
    return s;
}

static void *service(void *arg)
{
    struct session *closed[10];
    for (int i = 0; i < 10; i++) {
        closed[i] = session_open();
        closing = 0;
        while (!closing)
            nap_ms(1);
        session_close(closed[i]);
    }
    stop = 1;
    for (int i = 0; i < 10; i++)
        free(closed[i]);
    return arg;
}

int main(void)
{
    pthread_t sweeps_thread = thread_start(sweeper, NULL), service_thread = thread_start(service, NULL);
    thread_join(service_thread);
    thread_join(sweeps_thread);
    return 0;
}
