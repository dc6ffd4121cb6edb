// expect: none
// about: a logger writes short lines to a file and to a pipe that is always drained, under its lock
#define _GNU_SOURCE
#include "case.h"
#include <fcntl.h>
#include <unistd.h>

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd, tail[2], lines;

static FRAME int log_line(const char *text)
{
    pthread_mutex_lock(&log_lock);
    size_t size = strlen(text);
    int ok = write(log_fd, text, size) == (ssize_t)size && write(tail[1], "\n", 1) == 1;
    lines += ok;
    pthread_mutex_unlock(&log_lock);
    return ok;
}

static void *worker(void *arg)
{
    for (int i = 0; i < 50; i++) {
        log_line("request served\n");
        nap_ms(1);
    }
    return arg;
}

static void *drainer(void *arg)
{
    char bytes[64];
    while (read(tail[0], bytes, sizeof bytes) > 0)
        ;
    return arg;
}

int main(void)
{
    char name[] = "case_log.XXXXXX";
    pthread_t threads[2];
    log_fd = mkstemp(name);
    require(log_fd >= 0 && unlink(name) == 0 && pipe2(tail, O_CLOEXEC) == 0, "files");
    pthread_t thread = thread_start(drainer, NULL);
    for (int i = 0; i < 2; i++)
        threads[i] = thread_start(worker, NULL);
    for (int i = 0; i < 2; i++)
        thread_join(threads[i]);
    close(tail[1]);
    thread_join(thread);
    return lines != 100;
}
