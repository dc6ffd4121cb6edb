/*
 * polls.c - descriptors: a byte written into a pipe and read, an event loop's round and its tick alone, and very many
 * of them open at once.
 */
#include "measure.h"
#include "scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
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

static int loop_open(struct loop *loop, const struct settings *settings)
{
    if (pipe2(loop->ends, settings->nonblocking ? O_NONBLOCK : 0) != 0)
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

static int loop_write(const struct loop *loop)
{
    char byte = 'x';
    return write(loop->ends[1], &byte, 1) == 1 ? 0 : fail("write into the pipe");
}

static int loop_read(const struct loop *loop)
{
    char byte;
    return read(loop->ends[0], &byte, 1) == 1 ? 0 : fail("read from the pipe");
}

static int loop_pair(const struct loop *loop)
{
    return loop_write(loop) != 0 ? -1 : loop_read(loop);
}

static int loop_tick(const struct loop *loop)
{
    struct epoll_event event;
    if (epoll_wait(loop->epoll, &event, 1, -1) != 1)
        return fail("wait for the pipe");
    return loop_read(loop);
}

static int loop_round(const struct loop *loop)
{
    return loop_write(loop) != 0 ? -1 : loop_tick(loop);
}

/* What a batch of `ops` operations needs beforehand: nothing, or that many bytes in the pipe. */
static int prepare_nothing(const struct loop *loop, long ops)
{
    (void)loop;
    (void)ops;
    return 0;
}

static int prepare_bytes(const struct loop *loop, long ops)
{
    static const char bytes[65536];
    if (ops > (long)sizeof bytes)
        errno = EINVAL;
    else if (write(loop->ends[1], bytes, (size_t)ops) == ops)
        return 0;
    return fail("fill the pipe");
}

struct exercise {
    int (*prepare)(const struct loop *loop, long ops);
    int (*operate)(const struct loop *loop);
};

static int batches_run(const struct loop *loop, const struct settings *settings, const struct exercise *exercise,
                       struct measure *measure)
{
    while (measure_more(measure)) {
        if (exercise->prepare(loop, settings->ops) != 0)
            return -1;
        measure_start(measure);
        for (long i = 0; i < settings->ops; i++) {
            if (exercise->operate(loop) != 0)
                return -1;
        }
        measure_stop(measure, (unsigned long)settings->ops);
    }
    return measure_print(measure);
}

static int exercise_run(const struct settings *settings, const struct exercise *exercise)
{
    struct loop loop;
    if (companion_start(settings) != 0 || loop_open(&loop, settings) != 0)
        return 1;
    struct measure *measure = measure_open(settings->ms, settings->batches);
    if (measure == NULL)
        return 1;
    int failed = batches_run(&loop, settings, exercise, measure);
    measure_close(measure);
    loop_close(&loop);
    return failed != 0;
}

int scenario_pipe(const struct settings *settings)
{
    return exercise_run(settings, &(struct exercise){prepare_nothing, loop_pair});
}

int scenario_tick(const struct settings *settings)
{
    return exercise_run(settings, &(struct exercise){prepare_bytes, loop_tick});
}

int scenario_poll(const struct settings *settings)
{
    return exercise_run(settings, &(struct exercise){prepare_nothing, loop_round});
}

#define OTHERS 64 /* descriptors that the program and its tools have open besides */

/* How many of the wanted number may be open: the limit is raised as far as that is allowed. */
static long room_for(long wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return fail("ask for the limit of open descriptors");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return fail("raise the limit of open descriptors");
    long most = limit.rlim_max > (rlim_t)wanted + OTHERS ? wanted : (long)limit.rlim_max - OTHERS;
    if (most < wanted)
        fprintf(stderr, "bench: only %ld descriptors are allowed\n", most);
    return most;
}

/* Opens `threads` of them, or as many as are allowed, and uses each once. Says `ready`, and ends with standard input,
 * so that somebody can look at the process meanwhile. */
int scenario_descriptors(const struct settings *settings)
{
    eventfd_t value;
    char byte;
    for (long i = room_for(settings->threads); i > 0; i--) {
        int fd = eventfd(1, EFD_NONBLOCK);
        if (fd < 0 || eventfd_read(fd, &value) != 0)
            return fail("open a descriptor") != 0;
    }
    if (printf("ready\n") < 0 || fflush(stdout) != 0)
        return 1;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    return 0;
}
