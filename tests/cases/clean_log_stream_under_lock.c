// expect: none
// about: workers print to a buffered log, look for its file and flush it now and then, under the log's lock
#include "case.h"
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static FILE *log_stream;
static char log_name[] = "case_stream.XXXXXX";
static int lines;

static FRAME int log_line(const char *who, int n)
{
    struct stat about;
    pthread_mutex_lock(&log_lock);
    int ok = fprintf(log_stream, "%s did %d of %.1f %%\n", who, n, 0.5 * n) > 0;
    if (++lines % 16 == 0)
        ok = ok && fflush(log_stream) == 0 && stat(log_name, &about) == 0;
    pthread_mutex_unlock(&log_lock);
    return ok;
}

static void *worker(void *name)
{
    for (int i = 0; i < 80; i++) {
        require(log_line(name, i), "log");
        if (i % 8 == 0)
            nap_ms(1);
    }
    return NULL;
}

int main(void)
{
    log_stream = fdopen(mkstemp(log_name), "w");
    require(log_stream != NULL, "log");
    pthread_t a = thread_start(worker, "one"), b = thread_start(worker, "two");
    thread_join(a);
    thread_join(b);
    require(fclose(log_stream) == 0 && unlink(log_name) == 0, "close");
    return lines != 160;
}
