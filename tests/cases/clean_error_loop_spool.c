// expect: none
// about: each of many jobs asks whether a flag is there that stops the work, makes sure of its directory, and writes
#include "case.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t spool_lock = PTHREAD_MUTEX_INITIALIZER;
static char folder[] = "/tmp/kiwi-case-XXXXXX";

static FRAME void job(int out, const char *stop_flag)
{
    static const char record[64] = "one record of the spool";
    require(access(stop_flag, F_OK) != 0 && errno == ENOENT, "nobody stops it");
    require(mkdir(folder, 0700) != 0 && errno == EEXIST, "the directory is there");
    require(write(out, record, sizeof record) == sizeof record, "written");
}

int main(void)
{
    char stop_flag[64];
    require(mkdtemp(folder) != NULL, "a directory");
    snprintf(stop_flag, sizeof stop_flag, "%s/stop", folder);
    int out = open("/dev/null", O_WRONLY);
    require(out >= 0, "an output");
    time_t until = time(NULL) + 2;
    while (time(NULL) < until) {
        must(pthread_mutex_lock(&spool_lock), "lock");
        job(out, stop_flag);
        must(pthread_mutex_unlock(&spool_lock), "unlock");
    }
    close(out);
    return rmdir(folder);
}
