/* A process whose exec fails goes on, and so does what is told of it: see how_it_ends.sh. */
#include "transcript.h"

#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t after_exec = PTHREAD_MUTEX_INITIALIZER;

int main(int argc, char **argv)
{
    char *const words[] = {argv[0], NULL};
    int result = execv("/nonexistent/program", words);

    returned("no such program", result);
    returned("a directory", execv("/usr", words));
    returned("in no directory", execvp("kiwi-test-no-such-program", words));
    pthread_mutex_lock(&after_exec);
    pthread_mutex_unlock(&after_exec);
    return argc == 1 ? 3 : 4;
}
