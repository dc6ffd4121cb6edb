// expect: none
// about: whoever drops the last reference destroys the mutex right after its unlock, as POSIX allows, and frees the
// object
#include "case.h"

struct buffer {
    pthread_mutex_t lock;
    int references;
    int bytes;
};

static int freed;

static FRAME int buffer_put(struct buffer *buffer)
{
    pthread_mutex_lock(&buffer->lock);
    int left = --buffer->references;
    pthread_mutex_unlock(&buffer->lock);
    if (left == 0) {
        must(pthread_mutex_destroy(&buffer->lock), "destroy");
        free(buffer);
        stage_arrive(&freed);
    }
    return left;
}

static void *user(void *arg)
{
    struct buffer *buffer = arg;
    pthread_mutex_lock(&buffer->lock);
    buffer->bytes++;
    pthread_mutex_unlock(&buffer->lock);
    buffer_put(buffer);
    return NULL;
}

int main(void)
{
    for (int i = 0; i < 60; i++) {
        struct buffer *buffer = calloc(1, sizeof *buffer);
        require(buffer != NULL, "memory");
        must(pthread_mutex_init(&buffer->lock, NULL), "init");
        buffer->references = 2;
        pthread_t a = thread_start(user, buffer), b = thread_start(user, buffer);
        thread_join(a);
        thread_join(b);
    }
    return freed != 60;
}
