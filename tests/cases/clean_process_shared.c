// expect: none
// about: a process-shared mutex and cond between parent and child, each waiting for the other in turn
#include "case.h"
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct board {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    int turn;
};

static FRAME int play(struct board *board, int me)
{
    must(pthread_mutex_lock(&board->lock), "lock");
    while (board->turn % 2 != me)
        must(pthread_cond_wait(&board->moved, &board->lock), "wait");
    int n = ++board->turn;
    must(pthread_cond_broadcast(&board->moved), "broadcast");
    must(pthread_mutex_unlock(&board->lock), "unlock");
    return n;
}

static void board_init(struct board *board)
{
    pthread_mutexattr_t mutex_attr;
    pthread_condattr_t cond_attr;
    must(pthread_mutexattr_init(&mutex_attr), "attr");
    must(pthread_mutexattr_setpshared(&mutex_attr, PTHREAD_PROCESS_SHARED), "pshared");
    must(pthread_mutex_init(&board->lock, &mutex_attr), "init");
    must(pthread_condattr_init(&cond_attr), "attr");
    must(pthread_condattr_setpshared(&cond_attr, PTHREAD_PROCESS_SHARED), "pshared");
    must(pthread_cond_init(&board->moved, &cond_attr), "init");
}

int main(void)
{
    int status = 1;
    struct board *board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    require(board != MAP_FAILED, "mmap");
    board_init(board);
    pid_t child = fork();
    require(child >= 0, "fork");
    for (int i = 0; i < 50; i++)
        play(board, child == 0);
    if (child == 0)
        _exit(0);
    require(waitpid(child, &status, 0) == child, "waitpid");
    must(pthread_cond_destroy(&board->moved), "destroy");
    must(pthread_mutex_destroy(&board->lock), "destroy");
    return status != 0 || board->turn != 100;
}
