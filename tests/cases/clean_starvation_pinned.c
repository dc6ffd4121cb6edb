// expect: none
// allow:  lock-contention
// about:  a compaction thread on a processor of its own, which reads each block before it takes the index: whoever sleeps
// about:  has time to wake up
#define _GNU_SOURCE
#define BLOCKS 100
#include "compaction.h"

static FRAME void between_blocks(void)
{
    compute_us(4000); /* reads the next block */
}
