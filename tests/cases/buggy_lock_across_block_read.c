// expect: lock-across-block HIGH
// where: lock-across-block feed_next
// allow: lock-contention long-hold
// about: a feed is read from a pipe under the lock that also guards its counters
#include "case.h"
#include <unistd.h>

static pthread_mutex_t feed_lock = PTHREAD_MUTEX_INITIALIZER;
static int feed[2], items;

static FRAME int feed_next(void)
{
    char item;
    pthread_mutex_lock(&feed_lock);
    ssize_t n = read(feed[0], &item, 1);
    items += n == 1;
    pthread_mutex_unlock(&feed_lock);
    return n == 1;
}

static FRAME int feed_items(void)
{
    pthread_mutex_lock(&feed_lock);
    int n = items;
    pthread_mutex_unlock(&feed_lock);
    return n;
}

static void *source(void *arg)
{
    for (int i = 0; i < 5; i++) {
        nap_ms(60);
        require(write(feed[1], arg, 1) == 1, "write");
    }
    close(feed[1]);
    return NULL;
}

static void *reader(void *arg)
{
    while (feed_next())
        ;
    return arg;
}

int main(void)
{
    char item = 'i';
    require(pipe(feed) == 0, "pipe");
    pthread_t a = thread_start(source, &item), b = thread_start(reader, NULL);
    nap_ms(30);
    feed_items();
    thread_join(a);
    thread_join(b);
    return feed_items() != 5;
}
