// expect: unlock-not-owner MEDIUM
// where: unlock-not-owner tree_close
// about: a recursive lock is entered twice and left three times
#include "case.h"
#include <errno.h>

static pthread_mutex_t tree_lock;

static FRAME int tree_walk(int depth)
{
    pthread_mutex_lock(&tree_lock);
    int n = depth > 0 ? tree_walk(depth - 1) + 1 : 1;
    pthread_mutex_unlock(&tree_lock);
    return n;
}

static FRAME int tree_close(void)
{
    int n = tree_walk(1);
    int error = pthread_mutex_unlock(&tree_lock);
    return error == EPERM ? n : -1;
}

int main(void)
{
    mutex_init_kind(&tree_lock, PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
    int n = tree_close();
    pthread_mutex_destroy(&tree_lock);
    return n != 2;
}
