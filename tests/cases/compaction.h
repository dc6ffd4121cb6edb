/*
 * compaction.h - a thread on a processor of its own compacts an index, block by block, and another one wants to read
 * its size. The case says how many BLOCKS, and what the first one does between two of them: FRAME between_blocks.
 */
#ifndef CASE_COMPACTION_H
#define CASE_COMPACTION_H

#include "case.h"
#include "processors.h"

static void between_blocks(void);

static pthread_mutex_t index_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long entries[512], compacted, sizes;
static int stage;

static FRAME unsigned long compact(unsigned long block)
{
    pthread_mutex_lock(&index_lock);
    compute_us(2000);
    entries[block % 512] += block;
    unsigned long n = ++compacted;
    pthread_mutex_unlock(&index_lock);
    return n;
}

static FRAME unsigned long read_size(void)
{
    pthread_mutex_lock(&index_lock);
    unsigned long n = compacted;
    pthread_mutex_unlock(&index_lock);
    return n;
}

static void *compactor(void *arg)
{
    run_on_processor(0);
    stage_reach(&stage, 1);
    for (unsigned long n = 0; n < BLOCKS;) {
        n = compact(n);
        between_blocks();
    }
    return arg;
}

static void *reader(void *arg)
{
    run_on_processor(1);
    stage_await(&stage, 1);
    while (sizes < BLOCKS) {
        nap_ms(1);
        sizes = read_size();
    }
    return arg;
}

int main(void)
{
    pthread_t a = thread_start(compactor, NULL), b = thread_start(reader, NULL);
    thread_join(a);
    thread_join(b);
    return sizes != BLOCKS;
}
#endif
