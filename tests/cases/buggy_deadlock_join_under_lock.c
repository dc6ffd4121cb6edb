// expect: deadlock CRITICAL
// where: deadlock scanner_stop
// where: deadlock scanner_note
// allow: lock-across-block
// kill: 0.6
// about: the owner stops its scanner thread and joins it with the lock held that the scanner needs to finish
#include "case.h"
#include <stdbool.h>

struct scanner {
    pthread_mutex_t lock;
    pthread_t thread;
    bool stop;
    int files;
};

static struct scanner scanner = {.lock = PTHREAD_MUTEX_INITIALIZER};
static int stopping;

static FRAME bool scanner_note(struct scanner *self)
{
    pthread_mutex_lock(&self->lock);
    self->files++;
    bool go_on = !self->stop;
    pthread_mutex_unlock(&self->lock);
    return go_on;
}

static void *scanner_main(void *arg)
{
    scanner_note(arg);
    stage_await(&stopping, 1);
    while (scanner_note(arg))
        ;
    return NULL;
}

static FRAME int scanner_stop(struct scanner *self)
{
    pthread_mutex_lock(&self->lock);
    self->stop = true;
    stage_reach(&stopping, 1);
    thread_join(self->thread);
    int files = self->files;
    pthread_mutex_unlock(&self->lock);
    return files;
}

int main(void)
{
    scanner.thread = thread_start(scanner_main, &scanner);
    return scanner_stop(&scanner) == 0;
}
