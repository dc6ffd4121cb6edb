// expect: lock-across-block HIGH|MEDIUM
// where: lock-across-block store
// allow: lock-contention long-hold
// about: a file is locked against other processes under the mutex of the index that all requests read
#include "case.h"
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMES 3

static pthread_mutex_t index_lock = PTHREAD_MUTEX_INITIALIZER;
static int inside, stored, reads;

static int file_lock(int file, int how)
{
    struct flock whole = {.l_type = (short)how, .l_whence = SEEK_SET};
    return fcntl(file, F_SETLKW, &whole);
}

/* Another process has the file locked for a while, again and again. */
static int compact(int file, int begin, int held)
{
    char byte;
    for (int i = 0; i < TIMES; i++) {
        require(read(begin, &byte, 1) == 1 && file_lock(file, F_WRLCK) == 0 && write(held, "", 1) == 1, "its turn");
        nap_ms(80);
        file_lock(file, F_UNLCK);
    }
    return 0;
}

static FRAME int store(int file)
{
    pthread_mutex_lock(&index_lock);
    stage_arrive(&inside);
    require(file_lock(file, F_WRLCK) == 0, "the lock");
    int n = ++stored;
    file_lock(file, F_UNLCK);
    pthread_mutex_unlock(&index_lock);
    return n;
}

static FRAME int read_index(void)
{
    pthread_mutex_lock(&index_lock);
    int n = ++reads;
    pthread_mutex_unlock(&index_lock);
    return n;
}

static void *request(void *arg)
{
    for (int i = 1; i <= TIMES; i++) {
        stage_await(&inside, i);
        read_index();
    }
    return arg;
}

int main(void)
{
    int begin[2], held[2], file = fileno(tmpfile());
    char byte;
    require(file >= 0 && pipe(begin) == 0 && pipe(held) == 0, "files");
    pid_t child = fork();
    if (!child)
        _exit(compact(file, begin[0], held[1]));
    pthread_t thread = thread_start(request, NULL);
    for (int i = 0; i < TIMES; i++) {
        require(write(begin[1], "", 1) == 1 && read(held[0], &byte, 1) == 1, "the other process");
        store(file);
    }
    thread_join(thread);
    require(waitpid(child, NULL, 0) == child, "its end");
    return stored + reads != 2 * TIMES;
}
