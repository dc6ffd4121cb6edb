// expect: free-holding-lock CRITICAL
// where: free-holding-lock reap
// about: a reaper frees a connection that another thread has locked; that thread's unlock writes into a freed block
#include "case.h"

struct connection {
    long requests;
    char buffer[600];
    pthread_rwlock_t lock;
    char tail[500];
};

static struct connection *connection;
static int stage;

static FRAME long serve(struct connection *c)
{
    pthread_rwlock_wrlock(&c->lock);
    stage_reach(&stage, 1);
    stage_await(&stage, 2);
    return 1;
}

static FRAME void reap(void)
{
    free(connection);
    connection = NULL;
}

static void *server(void *arg)
{
    serve(connection);
    for (;;)
        pthread_testcancel();
    return arg;
}

int main(void)
{
    connection = calloc(1, sizeof *connection);
    require(connection != NULL, "memory");
    must(pthread_rwlock_init(&connection->lock, NULL), "init");
    pthread_detach(thread_start(server, NULL));
    stage_await(&stage, 1);
    reap();
    stage_reach(&stage, 2);
    nap_ms(20);
    return 0;
}
