// expect: none
// about: two threads take turns at one epoll, as Tokio's do; who is not in it sleeps on a futex until there is work
#define TURNS_BY_FUTEX
#include "turns.h"

static void on_event(int fd)
{
    turn_done(fd, hear_now(fd));
}

int main(void)
{
    turns_serve(on_event, 80);
    return 0;
}
