// expect: error-loop HIGH
// where: error-loop wait_for_snapshot
// about: waits for a file to come, with a lock held, by asking for it again and again
#include "case.h"

#include <sys/stat.h>

static pthread_mutex_t snapshot_lock = PTHREAD_MUTEX_INITIALIZER;

static FRAME int wait_for_snapshot(const char *name, time_t until)
{
    struct stat about;
    while (stat(name, &about) != 0)
        if (time(NULL) >= until)
            return -1;
    return 0;
}

int main(void)
{
    must(pthread_mutex_lock(&snapshot_lock), "lock");
    int found = wait_for_snapshot("/nonexistent/snapshot", time(NULL) + 2);
    must(pthread_mutex_unlock(&snapshot_lock), "unlock");
    return found == 0;
}
