// expect: none
// about: the same where readers go first: each gets the other's rwlock although a writer waits
#include "readers_both_ways.h"

int main(void)
{
    readers_both_ways(PTHREAD_RWLOCK_PREFER_READER_NP);
    return 0;
}
