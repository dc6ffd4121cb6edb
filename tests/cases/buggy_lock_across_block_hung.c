// expect: lock-across-block MEDIUM|HIGH
// where: lock-across-block ask
// kill: 2
// about: a lock is held in a read from a pipe that is written to by a thread which needs that lock first: both hang
#include "case.h"

#include <unistd.h>

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static int answers[2], asked, entries;

static void *answer(void *unused)
{
    stage_await(&asked, 1);
    nap_ms(20);
    pthread_mutex_lock(&table_lock);
    require(write(answers[1], "x", 1) == 1, "write");
    pthread_mutex_unlock(&table_lock);
    return unused;
}

static FRAME void ask(void)
{
    char byte;

    pthread_mutex_lock(&table_lock);
    stage_reach(&asked, 1);
    entries += read(answers[0], &byte, 1) == 1;
    pthread_mutex_unlock(&table_lock);
}

int main(void)
{
    require(pipe(answers) == 0, "pipe");
    pthread_t thread = thread_start(answer, NULL);

    ask();
    thread_join(thread);
    return entries != 1;
}
