/* A loop of libevent. */
#include "feed.h"

#include <event2/event.h>

static struct event_base *base;

static void on_input(evutil_socket_t fd, short events, void *unused)
{
    (void)fd;
    (void)events;
    (void)unused;
    if (!feed_serve())
        event_base_loopbreak(base);
}

int main(void)
{
    feed_start();
    base = event_base_new();
    struct event *input = event_new(base, feed_in, EV_READ | EV_PERSIST, on_input, NULL);
    if (!input || event_add(input, NULL))
        return 9;
    event_base_dispatch(base);
    feed_end();
    return 0;
}
