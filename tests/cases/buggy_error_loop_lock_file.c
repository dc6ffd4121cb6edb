// expect: error-loop HIGH
// where: error-loop lock_file
// about: waits for a lock file by trying to make it, again and again
#include "case.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static char name[] = "/tmp/kiwi-case-XXXXXX";

static void *owner(void *arg)
{
    nap_ms(500);
    unlink(name);
    return arg;
}

static FRAME int lock_file(void)
{
    int fd;
    while ((fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600)) < 0)
        require(errno == EEXIST, "it is there");
    return fd;
}

int main(void)
{
    int made = mkstemp(name);
    require(made >= 0, "a lock file");
    pthread_t thread = thread_start(owner, NULL);
    int fd = lock_file();
    thread_join(thread);
    close(fd);
    close(made);
    return unlink(name);
}
