// expect: lock-across-block HIGH|MEDIUM
// where: lock-across-block next_command
// allow: lock-contention long-hold
// about: the next command is read from a buffered stream under the lock of the state that it is for
#include "case.h"
#include <unistd.h>

static pthread_mutex_t state_lock = PTHREAD_MUTEX_INITIALIZER;
static int asked, commands, looks;
static FILE *input;

static FRAME int next_command(void)
{
    char line[64];
    pthread_mutex_lock(&state_lock);
    stage_arrive(&asked);
    int ok = fgets(line, sizeof line, input) != NULL;
    commands += ok;
    pthread_mutex_unlock(&state_lock);
    return ok;
}

static FRAME int look(void)
{
    pthread_mutex_lock(&state_lock);
    int n = ++looks;
    pthread_mutex_unlock(&state_lock);
    return n;
}

static void *looker(void *arg)
{
    for (int i = 1; i <= 3; i++) {
        stage_await(&asked, i);
        look();
    }
    return arg;
}

static void *typist(void *fd)
{
    for (int i = 1; i <= 3; i++) {
        stage_await(&asked, i);
        nap_ms(100);
        require(write(*(int *)fd, "go\n", 3) == 3, "write");
    }
    return NULL;
}

int main(void)
{
    int ends[2];
    require(pipe(ends) == 0 && (input = fdopen(ends[0], "r")) != NULL, "pipe");
    pthread_t a = thread_start(looker, NULL), b = thread_start(typist, &ends[1]);
    for (int i = 0; i < 3; i++) {
        next_command();
        nap_ms(5);
    }
    thread_join(a);
    thread_join(b);
    return commands + looks != 6;
}
