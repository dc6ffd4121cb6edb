/* GLib's main loop. It also polls without serving anything, so its ticks are measured around poll. */
#include "feed.h"

#include <glib-unix.h>
#include <poll.h>

static uint64_t returned;

static gint wait_for(GPollFD *fds, guint count, gint timeout)
{
    if (returned)
        feed_took(feed_now() - returned);
    int ready = poll((struct pollfd *)fds, count, timeout);
    returned = feed_now();
    return ready;
}

static gboolean on_input(gint fd, GIOCondition condition, gpointer loop)
{
    (void)fd;
    (void)condition;
    if (feed_answer_one())
        return G_SOURCE_CONTINUE;
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

int main(void)
{
    GMainLoop *loop = g_main_loop_new(NULL, FALSE);
    feed_start();
    g_main_context_set_poll_func(NULL, wait_for);
    g_unix_fd_add(feed_in, G_IO_IN, on_input, loop);
    g_main_loop_run(loop);
    feed_end();
    return 0;
}
