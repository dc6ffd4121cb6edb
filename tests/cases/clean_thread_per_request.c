// expect: none
// allow: thread-churn
// about: a thread per request, each with mutexes of its own that it nests as it likes, all under one table lock
// discipline
#include "case.h"

struct request {
    pthread_mutex_t head, body;
    int id, bytes;
};

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static int active, served;

static FRAME int request_handle(struct request *request)
{
    pthread_mutex_t *first = request->id % 2 ? &request->head : &request->body;
    pthread_mutex_t *second = request->id % 2 ? &request->body : &request->head;
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    int n = ++request->bytes;
    pthread_mutex_lock(&table_lock);
    served++;
    pthread_mutex_unlock(&table_lock);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
    return n;
}

static void *serve(void *arg)
{
    struct request *request = arg;
    pthread_mutex_lock(&table_lock);
    active++;
    pthread_mutex_unlock(&table_lock);
    request_handle(request);
    pthread_mutex_destroy(&request->head);
    pthread_mutex_destroy(&request->body);
    free(request);
    pthread_mutex_lock(&table_lock);
    active--;
    pthread_mutex_unlock(&table_lock);
    return NULL;
}

int main(void)
{
    for (int i = 0; i < 150; i++) {
        pthread_t threads[2];
        for (int j = 0; j < 2; j++) {
            struct request *request = calloc(1, sizeof *request);
            require(request != NULL, "memory");
            request->id = i + j;
            must(pthread_mutex_init(&request->head, NULL), "init");
            must(pthread_mutex_init(&request->body, NULL), "init");
            threads[j] = thread_start(serve, request);
        }
        for (int j = 0; j < 2; j++)
            thread_join(threads[j]);
    }
    return served != 300 || active != 0;
}
