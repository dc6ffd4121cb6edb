// expect: none
// about: two threads take turns at one epoll; who is not in it sleeps on a condition variable until there is work
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
