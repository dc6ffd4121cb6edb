// expect: none
// about: a reader locks for reading again while a writer waits, in a lock that lets readers in before it
#include "reader_again.h"

int main(void)
{
    read_again_beside_writer(PTHREAD_RWLOCK_PREFER_READER_NP);
    return 0;
}
