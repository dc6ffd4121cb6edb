// expect: bad-fd MEDIUM
// where: bad-fd consume
// about: one thread closes a pipe that another one is about to read
#include "case.h"

#include <errno.h>
#include <unistd.h>

static int ends[2], step;

static FRAME int consume(void)
{
    char byte;
    return read(ends[0], &byte, 1) < 0 ? errno : 0;
}

static void *consumer(void *arg)
{
    require(consume() == 0, "the first byte arrives");
    stage_reach(&step, 1);
    stage_await(&step, 2);
    *(int *)arg = consume();
    return NULL;
}

int main(void)
{
    int error = 0;
    require(pipe(ends) == 0 && write(ends[1], "x", 1) == 1, "a pipe");
    pthread_t thread = thread_start(consumer, &error);
    stage_await(&step, 1);
    close(ends[0]);
    stage_reach(&step, 2);
    thread_join(thread);
    close(ends[1]);
    return error != EBADF;
}
