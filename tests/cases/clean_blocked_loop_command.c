// expect: none
// about: a supervisor runs commands, reads what they print with poll, select or epoll until they end, and sleeps between two
#include "loop_case.h"
#include <poll.h>
#include <sys/select.h>

#define PIPES 3
#define LINES 4

struct command {
    int out[PIPES], in[PIPES], open;
};

static void *print(void *arg)
{
    const struct command *c = arg;
    for (int line = 0; line < LINES; line++) {
        for (int i = 0; i < PIPES; i++)
            say(c->in[i], 'a');
        nap_ms(2);
    }
    for (int i = 0; i < PIPES; i++)
        close(c->in[i]);
    return NULL;
}

static void line_read(struct command *c, int i)
{
    if (c->out[i] < 0 || hear(c->out[i]))
        return;
    close(c->out[i]);
    c->out[i] = -1;
    c->open--;
}

static FRAME void read_by_poll(struct command *c)
{
    struct pollfd p[PIPES];
    for (int i = 0; i < PIPES; i++)
        p[i] = (struct pollfd){c->out[i], POLLIN, 0};
    require(poll(p, PIPES, 5000) > 0, "poll");
    for (int i = 0; i < PIPES; i++)
        if (p[i].revents)
            line_read(c, i);
}

static FRAME void read_by_select(struct command *c)
{
    fd_set set;
    int most = 0;
    FD_ZERO(&set);
    for (int i = 0; i < PIPES; i++)
        if (c->out[i] >= 0) {
            FD_SET(c->out[i], &set);
            most = c->out[i] > most ? c->out[i] : most;
        }
    require(select(most + 1, &set, NULL, NULL, &(struct timeval){5, 0}) > 0, "select");
    for (int i = 0; i < PIPES; i++)
        if (c->out[i] >= 0 && FD_ISSET(c->out[i], &set))
            line_read(c, i);
}

static FRAME void read_by_epoll(struct command *c)
{
    int ep = epoll_create1(0);
    for (int i = 0; i < PIPES; i++)
        require(!epoll_ctl(ep, EPOLL_CTL_ADD, c->out[i],
                           &(struct epoll_event){.events = EPOLLIN, .data.u32 = (uint32_t)i}),
                "epoll_ctl");
    while (c->open) {
        struct epoll_event e[PIPES];
        int n = epoll_wait(ep, e, PIPES, 5000);
        require(n > 0, "epoll_wait");
        for (int i = 0; i < n; i++)
            line_read(c, (int)e[i].data.u32);
    }
    close(ep);
}

static FRAME void command_run(void (*read_some)(struct command *))
{
    struct command c = {.open = PIPES};
    for (int i = 0; i < PIPES; i++) {
        int pair[2];
        require(pipe(pair) == 0, "pipe");
        c.out[i] = pair[0];
        c.in[i] = pair[1];
    }
    pthread_t printer = thread_start(print, &c);
    while (c.open)
        read_some(&c);
    thread_join(printer);
}

int main(void)
{
    void (*const ways[])(struct command *) = {read_by_poll, read_by_select, read_by_epoll};
    for (int way = 0; way < 3; way++)
        for (int i = 0; i < 6; i++) {
            command_run(ways[way]);
            nap_ms(55);
        }
    return 0;
}
