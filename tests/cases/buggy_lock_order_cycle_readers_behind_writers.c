// expect: lock-order-cycle CRITICAL
// where: lock-order-cycle quote
// where: lock-order-cycle list_shelf
// about: two tables are read in both orders, and each has writers, which go first: one of each between, and all wait
#include "readers_in_turns.h"

int main(void)
{
    readers_in_turns(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    return 0;
}
