// expect: lock-starvation HIGH
// allow:  lock-contention lock-convoy long-hold
// where:  lock-starvation compact|read_size
// about:  a compaction thread on a processor of its own lets go of the index after every block and takes it again at once;
// about:  who reads the size sleeps, and has never woken up in time
#define _GNU_SOURCE
#define BLOCKS 250
#include "compaction.h"

static FRAME void between_blocks(void) {}
