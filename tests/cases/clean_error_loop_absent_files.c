// expect: none
// about: a copier asks, with its lock held, which of many thousand files are there already: none is
#include "case.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;

static FRAME long missing(time_t until)
{
    struct stat about;
    char name[64];
    long count = 0;
    while (time(NULL) < until) {
        snprintf(name, sizeof name, "/nonexistent/%ld", count++);
        require(stat(name, &about) != 0 && errno == ENOENT, "no such file");
        require(access(name, R_OK) != 0 && errno == ENOENT, "no such file");
        require(unlink(name) != 0 && errno == ENOENT, "no such file");
        require(mkdir(name, 0700) != 0 && errno == ENOENT, "no such directory");
    }
    return count;
}

int main(void)
{
    must(pthread_mutex_lock(&list_lock), "lock");
    long count = missing(time(NULL) + 2);
    must(pthread_mutex_unlock(&list_lock), "unlock");
    return count == 0;
}
