// expect: none
// allow: lock-across-block LOW|MEDIUM|HIGH
// kill: 2
// about: a lock is held in a wait for the end of an asynchronous read, of which a thread of the C library would tell
#include "case.h"

#include <aio.h>
#include <signal.h>
#include <unistd.h>

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER, read_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t was_read = PTHREAD_COND_INITIALIZER;
static int asked, has_read, entries;

/* Runs on a thread of the C library's. */
static void tell(union sigval unused)
{
    (void)unused;
    pthread_mutex_lock(&read_lock);
    has_read = 1;
    pthread_cond_signal(&was_read);
    pthread_mutex_unlock(&read_lock);
}

static FRAME void fetch(int fd)
{
    static char byte;
    static struct aiocb request;

    request = (struct aiocb){.aio_fildes = fd, .aio_buf = &byte, .aio_nbytes = 1};
    request.aio_sigevent.sigev_notify = SIGEV_THREAD;
    request.aio_sigevent.sigev_notify_function = tell;
    pthread_mutex_lock(&registry_lock);
    require(aio_read(&request) == 0, "aio_read");
    stage_reach(&asked, 1);
    pthread_mutex_lock(&read_lock);
    while (!has_read)
        pthread_cond_wait(&was_read, &read_lock);
    pthread_mutex_unlock(&read_lock);
    pthread_mutex_unlock(&registry_lock);
}

static void *look(void *unused)
{
    stage_await(&asked, 1);
    pthread_mutex_lock(&registry_lock);
    entries++;
    pthread_mutex_unlock(&registry_lock);
    return unused;
}

int main(void)
{
    int ends[2]; /* somebody else would write at the other end; the process is killed before */
    pthread_t looker;

    require(pipe(ends) == 0, "pipe");
    pthread_create(&looker, NULL, look, NULL);
    fetch(ends[0]);
    pthread_join(looker, NULL);
    return 0;
}
