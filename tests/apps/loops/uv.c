/* A loop of libuv. */
#include "feed.h"

#include <uv.h>

static void on_input(uv_poll_t *handle, int status, int events)
{
    (void)events;
    if (status < 0 || !feed_serve())
        uv_poll_stop(handle);
}

int main(void)
{
    uv_poll_t input;
    feed_start();
    if (uv_poll_init(uv_default_loop(), &input, feed_in) || uv_poll_start(&input, UV_READABLE, on_input))
        return 9;
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    feed_end();
    return 0;
}
