// expect: blocked-loop HIGH
// where: blocked-loop look_up
// about: two threads take turns at one epoll, and what they do with an event sleeps so long that both do
#include "turns.h"

static int seen;

static FRAME void look_up(void)
{
    nap_ms(80);
}

static void on_event(int fd)
{
    char word = hear_now(fd);
    if (word && __atomic_add_fetch(&seen, 1, __ATOMIC_RELAXED) % 2 == 0)
        look_up();
    turn_done(fd, word);
}

int main(void)
{
    turns_serve(on_event, 56);
    return 0;
}
