// expect: none
// allow: lock-across-block LOW
// about: a file lock belongs to the process, so that threads which want it take a mutex first, for nothing else
#include "case.h"
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 4

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static int file, stored;

static int file_lock(int how)
{
    struct flock whole = {.l_type = (short)how, .l_whence = SEEK_SET};
    return fcntl(file, F_SETLKW, &whole);
}

static void *store(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&turn);
        require(file_lock(F_WRLCK) == 0, "the lock");
        stored++;
        file_lock(F_UNLCK);
        pthread_mutex_unlock(&turn);
    }
    return arg;
}

/* Another process, which has it more often than not. */
static int compact(int begun)
{
    for (int i = 0; i < 8; i++) {
        file_lock(F_WRLCK);
        if (!i)
            require(write(begun, "", 1) == 1, "told");
        nap_ms(15);
        file_lock(F_UNLCK);
    }
    return 0;
}

int main(void)
{
    int begun[2];
    char byte;
    pthread_t threads[2];
    file = fileno(tmpfile());
    require(file >= 0 && pipe(begun) == 0, "files");
    pid_t child = fork();
    if (!child)
        _exit(compact(begun[1]));
    require(read(begun[0], &byte, 1) == 1, "the other process");
    for (int i = 0; i < 2; i++)
        threads[i] = thread_start(store, NULL);
    for (int i = 0; i < 2; i++)
        thread_join(threads[i]);
    require(waitpid(child, NULL, 0) == child, "its end");
    return stored != 2 * ROUNDS;
}
