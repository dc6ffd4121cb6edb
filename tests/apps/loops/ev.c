/* A loop of libev. */
#include "feed.h"

#include <ev.h>

static void on_input(struct ev_loop *loop, ev_io *input, int events)
{
    (void)input;
    (void)events;
    if (!feed_serve())
        ev_break(loop, EVBREAK_ALL);
}

int main(void)
{
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    ev_io input;
    feed_start();
    ev_init(&input, on_input);
    ev_io_set(&input, feed_in, EV_READ);
    ev_io_start(loop, &input);
    ev_run(loop, 0);
    feed_end();
    return 0;
}
