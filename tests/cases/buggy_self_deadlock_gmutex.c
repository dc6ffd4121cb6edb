// expect: self-deadlock CRITICAL
// where:  self-deadlock player_next
// uses:   glib-2.0
// kill:   1
// about:  a player skips a song that can not be played by calling itself, with its GMutex still held
#include "case.h"

#include <glib.h>

static GMutex state;
static int song;

static FRAME int player_next(void)
{
    GMutexLocker *locker = g_mutex_locker_new(&state);
    int now = ++song;
    if (now % 7 == 0)
        now = player_next();
    g_mutex_locker_free(locker);
    return now;
}

static gpointer play(gpointer arg)
{
    int last = 0;
    for (int i = 0; i < 20; i++)
        last = player_next();
    return last ? arg : NULL;
}

int main(void)
{
    g_thread_join(g_thread_new("player", play, &song));
    return 1;
}
