/* polls.c - an event loop's round: a byte is written into a pipe, waited for and read. */
#include "measure.h"
#include "scenario.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

struct loop {
    int ends[2];
    int epoll;
};

static int fail(const char *what)
{
    fprintf(stderr, "bench: cannot %s: %s\n", what, strerror(errno));
    return -1;
}

static int loop_open(struct loop *loop)
{
    if (pipe(loop->ends) != 0)
        return fail("make a pipe");
    loop->epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = loop->ends[0]};
    if (loop->epoll < 0 || epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->ends[0], &event) != 0)
        return fail("make an epoll set");
    return 0;
}

static void loop_close(struct loop *loop)
{
    close(loop->ends[0]);
    close(loop->ends[1]);
    close(loop->epoll);
}

static int loop_round(struct loop *loop)
{
    char byte = 'x';
    struct epoll_event event;
    if (write(loop->ends[1], &byte, 1) != 1)
        return fail("write into the pipe");
    if (epoll_wait(loop->epoll, &event, 1, -1) != 1)
        return fail("wait for the pipe");
    if (read(event.data.fd, &byte, 1) != 1)
        return fail("read from the pipe");
    return 0;
}

int scenario_poll(const struct settings *settings)
{
    struct loop loop;
    if (companion_start(settings) != 0 || loop_open(&loop) != 0)
        return 1;
    struct measure *measure = measure_open(settings->ms, settings->batches);
    if (measure == NULL)
        return 1;
    int failed = 0;
    while (failed == 0 && measure_more(measure)) {
        measure_start(measure);
        for (long i = 0; i < settings->ops && failed == 0; i++)
            failed = loop_round(&loop);
        measure_stop(measure, (unsigned long)settings->ops);
    }
    if (failed == 0)
        failed = measure_print(measure);
    measure_close(measure);
    loop_close(&loop);
    return failed != 0;
}
