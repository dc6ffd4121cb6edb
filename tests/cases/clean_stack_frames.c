// expect: none
// about: a request keeps two mutexes in its frame, and the next request uses the same frame with their roles exchanged
#include "case.h"

struct request {
    pthread_mutex_t lock[2];
    int parts;
};

static FRAME int request_part(struct request *request, int outer)
{
    pthread_mutex_lock(&request->lock[outer]);
    pthread_mutex_lock(&request->lock[!outer]);
    int n = ++request->parts;
    pthread_mutex_unlock(&request->lock[!outer]);
    pthread_mutex_unlock(&request->lock[outer]);
    return n;
}

struct part {
    struct request *request;
    int outer;
};

static void *helper(void *arg)
{
    struct part *part = arg;
    request_part(part->request, part->outer);
    return NULL;
}

static FRAME int request_serve(int outer)
{
    struct request request = {.parts = 0};
    struct part part = {&request, outer};
    must(pthread_mutex_init(&request.lock[0], NULL), "init");
    must(pthread_mutex_init(&request.lock[1], NULL), "init");
    pthread_t thread = thread_start(helper, &part);
    request_part(&request, outer);
    thread_join(thread);
    must(pthread_mutex_destroy(&request.lock[0]), "destroy");
    must(pthread_mutex_destroy(&request.lock[1]), "destroy");
    return request.parts;
}

int main(void)
{
    int parts = 0;
    for (int i = 0; i < 40; i++)
        parts += request_serve(i % 2);
    return parts != 80;
}
