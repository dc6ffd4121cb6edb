// expect: self-deadlock CRITICAL
// allow: lock-across-block LOW
// where: self-deadlock table_lookup
// kill: 1
// about: a reader looks something up that locks for reading again, while a writer waits in a lock that prefers writers
#include "reader_again.h"

int main(void)
{
    read_again_beside_writer(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    return 0;
}
