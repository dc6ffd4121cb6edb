// expect: none
// about: the same where readers go first, as they do by default: a reader never waits for another one
#include "readers_in_turns.h"

int main(void)
{
    readers_in_turns(PTHREAD_RWLOCK_PREFER_READER_NP);
    return 0;
}
