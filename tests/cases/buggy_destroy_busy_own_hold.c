// expect: destroy-busy CRITICAL
// where: destroy-busy session_close
// about: a session locks itself to close, and destroys and frees the locked mutex
// allow: free-holding-lock exit-holding-lock
#include "case.h"

struct session {
    pthread_mutex_t lock;
    int open;
};

static struct session *session_open(void)
{
    struct session *session = calloc(1, sizeof *session);
    require(session != NULL, "memory");
    must(pthread_mutex_init(&session->lock, NULL), "init");
    session->open = 1;
    return session;
}

static FRAME int session_close(struct session *session)
{
    pthread_mutex_lock(&session->lock);
    session->open = 0;
    int error = pthread_mutex_destroy(&session->lock);
    free(session);
    return error;
}

static void *client(void *arg)
{
    struct session *session = session_open();
    session_close(session);
    return arg;
}

int main(void)
{
    thread_join(thread_start(client, NULL));
    return 0;
}
