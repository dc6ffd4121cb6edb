// expect: none
// allow: lock-across-block
// about: a process forks while it holds locks that it shares with its child, which waits for them: its own they are not
#include "case.h"
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct board {
    pthread_mutex_t lock;
    pthread_rwlock_t map;
    pthread_spinlock_t spin;
    int written;
};

static void board_init(struct board *board)
{
    pthread_mutexattr_t attr;
    pthread_rwlockattr_t map_attr;
    must(pthread_mutexattr_init(&attr), "attr");
    must(pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED), "pshared");
    must(pthread_mutex_init(&board->lock, &attr), "init");
    must(pthread_rwlockattr_init(&map_attr), "attr");
    must(pthread_rwlockattr_setpshared(&map_attr, PTHREAD_PROCESS_SHARED), "pshared");
    must(pthread_rwlock_init(&board->map, &map_attr), "init");
    must(pthread_spin_init(&board->spin, PTHREAD_PROCESS_SHARED), "init");
}

static FRAME int look(struct board *board)
{
    must(pthread_mutex_lock(&board->lock), "lock");
    must(pthread_rwlock_rdlock(&board->map), "read");
    must(pthread_spin_lock(&board->spin), "spin");
    int seen = board->written;
    must(pthread_spin_unlock(&board->spin), "unlock");
    must(pthread_rwlock_unlock(&board->map), "unlock");
    must(pthread_mutex_unlock(&board->lock), "unlock");
    return seen;
}

int main(void)
{
    int status = 1;
    struct board *board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    require(board != MAP_FAILED, "mmap");
    board_init(board);
    must(pthread_mutex_lock(&board->lock), "lock");
    must(pthread_rwlock_wrlock(&board->map), "write");
    must(pthread_spin_lock(&board->spin), "spin");
    pid_t child = fork();
    require(child >= 0, "fork");
    if (child == 0)
        _exit(look(board) != 1);
    nap_ms(30);
    board->written = 1;
    must(pthread_mutex_unlock(&board->lock), "unlock");
    nap_ms(30);
    must(pthread_rwlock_unlock(&board->map), "unlock");
    nap_ms(30);
    must(pthread_spin_unlock(&board->spin), "unlock");
    require(waitpid(child, &status, 0) == child, "waitpid");
    return status;
}
