/* poll, select and epoll in all forms: ready, not ready, interrupted, with signal masks, wrong arguments. */
#include "transcript.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

static int quiet[2], ready[2], ep_quiet, ep_ready;
static volatile int alarms;

static void count_alarm(int number)
{
    (void)number;
    alarms++;
}

enum form { POLL, PPOLL, SELECT, PSELECT, EPOLL_WAIT, EPOLL_PWAIT, EPOLL_PWAIT2, FORMS };
static const char *const names[] = {"poll", "ppoll", "select", "pselect", "epoll_wait", "epoll_pwait", "epoll_pwait2"};

/* ms < 0: no limit. */
static int call(enum form form, bool have_input, int ms, const sigset_t *mask)
{
    int fd = have_input ? ready[0] : quiet[0], ep = have_input ? ep_ready : ep_quiet;
    struct pollfd p = {fd, POLLIN, 0};
    struct timespec ts = {ms / 1000, ms % 1000 * 1000000}, *until = ms < 0 ? NULL : &ts;
    struct timeval tv = {ms / 1000, ms % 1000 * 1000};
    struct epoll_event e;
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    switch (form) {
    case POLL:
        return poll(&p, 1, ms);
    case PPOLL:
        return ppoll(&p, 1, until, mask);
    case SELECT:
        return select(fd + 1, &set, NULL, NULL, ms < 0 ? NULL : &tv);
    case PSELECT:
        return pselect(fd + 1, &set, NULL, NULL, until, mask);
    case EPOLL_WAIT:
        return epoll_wait(ep, &e, 1, ms);
    case EPOLL_PWAIT:
        return epoll_pwait(ep, &e, 1, ms, mask);
    default:
        return epoll_pwait2(ep, &e, 1, until, mask);
    }
}

enum { LONG = 4000 }; /* ms, for calls that have a reason to return at once */

static void try(enum form form, bool have_input, int ms, const sigset_t *mask)
{
    bool waits = !have_input && ms != 0 && ms != LONG;
    uint64_t since = now_ns();
    errno = 0;
    int result = call(form, have_input, ms, mask);
    say("%s, %s, %d ms: %d %s, %s", names[form], have_input ? "ready" : "quiet", ms, result, error_name(errno),
        waited(since, waits ? 8 : LONG / 2));
}

static void interrupted(enum form form, int flags)
{
    struct poke poke;
    handle(SIGALRM, count_alarm, flags);
    alarms = 0;
    poke_start(&poke, SIGALRM);
    try(form, false, -1, NULL);
    poke_end(&poke);
    say("%d alarm", alarms);
}

/* The signal is blocked, and let in by the call's own mask. */
static void masked(enum form form)
{
    sigset_t block, none, before;
    sigemptyset(&none);
    sigemptyset(&block);
    sigaddset(&block, SIGALRM);
    sigprocmask(SIG_BLOCK, &block, &before);
    alarms = 0;
    raise(SIGALRM);
    try(form, false, LONG, &none);
    say("%d alarm let in", alarms);
    alarms = 0;
    raise(SIGALRM);
    try(form, false, 10, &block);
    say("%d alarms let in", alarms);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

static void wrong_arguments(void)
{
    struct pollfd closed = {987, POLLIN, 0}, *volatile nowhere = (struct pollfd *)8;
    struct timespec bad = {0, -1};
    struct timeval bad_tv = {-1, 0};
    fd_set set;
    struct epoll_event e;
    say("-- wrong arguments");
    int n = poll(&closed, 1, 0);
    say("poll of a closed descriptor: %d, %s", n, closed.revents == POLLNVAL ? "invalid" : "?");
    returned("poll of nothing", poll(NULL, 0, 3));
    returned("poll of a bad address", poll(nowhere, 1, 0));
    returned("ppoll, bad time", ppoll(&closed, 1, &bad, NULL));
    FD_ZERO(&set);
    FD_SET(40, &set);
    returned("select of a closed descriptor", select(41, &set, NULL, NULL, NULL));
    returned("select, negative number", select(-1, NULL, NULL, NULL, NULL));
    returned("select, bad time", select(0, NULL, NULL, NULL, &bad_tv));
    returned("pselect, bad time", pselect(0, NULL, NULL, NULL, &bad, NULL));
    returned("epoll_wait, no room", epoll_wait(ep_quiet, &e, 0, 0));
    returned("epoll_wait, not an epoll", epoll_wait(quiet[0], &e, 1, 0));
    returned("epoll_wait, closed", epoll_wait(987, &e, 1, 0));
    returned("epoll_pwait2, bad time", epoll_pwait2(ep_quiet, &e, 1, &bad, NULL));
}

/* select writes the time that is left back. */
static void time_left(void)
{
    struct timeval tv = {50, 0};
    fd_set set;
    FD_ZERO(&set);
    FD_SET(ready[0], &set);
    select(ready[0] + 1, &set, NULL, NULL, &tv);
    say("left: %s", tv.tv_sec >= 40 ? "nearly all" : "little");
    tv = (struct timeval){0, 5000};
    select(0, NULL, NULL, NULL, &tv);
    say("left: %ld", (long)tv.tv_usec);
}

static void watching(void)
{
    struct epoll_event e = {.events = EPOLLIN};
    int set = epoll_create1(0);
    say("-- watching");
    returned("add", epoll_ctl(set, EPOLL_CTL_ADD, quiet[0], &e));
    returned("add again", epoll_ctl(set, EPOLL_CTL_ADD, quiet[0], &e));
    returned("change", epoll_ctl(set, EPOLL_CTL_MOD, quiet[0], &e));
    returned("remove", epoll_ctl(set, EPOLL_CTL_DEL, quiet[0], NULL));
    returned("remove again", epoll_ctl(set, EPOLL_CTL_DEL, quiet[0], NULL));
    returned("add nothing", epoll_ctl(set, EPOLL_CTL_ADD, -1, &e));
    returned("add to nothing", epoll_ctl(-1, EPOLL_CTL_ADD, quiet[0], &e));
    returned("add itself", epoll_ctl(set, EPOLL_CTL_ADD, set, &e));
    returned("unknown", epoll_ctl(set, 77, quiet[0], &e));
    close(set);
}

int main(void)
{
    struct epoll_event in = {.events = EPOLLIN};
    if (pipe(quiet) || pipe(ready) || write(ready[1], "x", 1) != 1)
        return 1;
    ep_quiet = epoll_create1(0);
    ep_ready = epoll_create1(0);
    epoll_ctl(ep_quiet, EPOLL_CTL_ADD, quiet[0], &in);
    epoll_ctl(ep_ready, EPOLL_CTL_ADD, ready[0], &in);
    for (enum form form = POLL; form < FORMS; form++) {
        try(form, true, -1, NULL);
        try(form, true, 0, NULL);
        try(form, true, LONG, NULL);
        try(form, false, 0, NULL);
        try(form, false, 10, NULL);
        interrupted(form, 0);
        interrupted(form, SA_RESTART);
        if (form == PPOLL || form == PSELECT || form == EPOLL_PWAIT || form == EPOLL_PWAIT2)
            masked(form);
    }
    wrong_arguments();
    time_left();
    watching();
    return 0;
}
