// expect: deadlock CRITICAL
// where: deadlock route_lookup
// where: deadlock peer_list
// allow: lock-order-cycle
// kill: 0.8
// about: two readers hold one rwlock each and want the other's for reading, behind writers, which go first
#include "readers_both_ways.h"

int main(void)
{
    readers_both_ways(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    return 0;
}
