/*
 * suspect.h - which blocks a free must look at: those that may hold a lock, and those that are followed.
 *
 * A bit for each 32 bytes of memory in which a followed block begins (blocks of glibc's have one each), and a count of
 * the locks for each page in which their block may begin; both by the low bits of the address. So a free costs two
 * loads, and a heap of 256 KiB is told by 40 cache lines. None of it lies in the recorder's memory, since frees look
 * here before there is any; in a forked child both are as they were, which costs time and nothing else, until the child
 * has memory of its own.
 */
#ifndef KIWI_SUSPECT_H
#define KIWI_SUSPECT_H

#include "../base/compiler.h"

#define SUSPECT_PAGES 65536u                 /* that are told apart: 256 MiB */
#define SUSPECT_GRAINS (128 * SUSPECT_PAGES) /* of 32 bytes */

struct suspects {
    uint32_t bits[SUSPECT_GRAINS / 32];
    uint16_t locks[SUSPECT_PAGES];
};
extern HIDDEN struct suspects suspects;

/* What begins a page is suspect in any case: a lock may lie further behind the beginning of such a large block than
 * marks reach (glibc's begin 16 bytes later). */
static ALWAYS_INLINE bool suspect_large(uintptr_t address)
{
    return unlikely((address & 0xfef) == 0);
}

/* Whether a lock may lie in a block that begins in this page, or in this page. */
static ALWAYS_INLINE bool suspect_page(uintptr_t address)
{
    return unlikely(RELAXED_LOAD(&suspects.locks[address >> 12 & (SUSPECT_PAGES - 1)]) != 0);
}

/* Whether a followed block may begin at this address. */
static ALWAYS_INLINE bool suspect_is_followed(uintptr_t address)
{
    uint32_t bits = RELAXED_LOAD(&suspects.bits[address >> 10 & (SUSPECT_GRAINS / 32 - 1)]);
    return unlikely(bits >> (address >> 5 & 31) & 1);
}

/* The address of a block. */
static ALWAYS_INLINE bool suspect_block(uintptr_t address)
{
    return suspect_is_followed(address) || suspect_page(address) || suspect_large(address);
}

/* A followed block begins at this address, or no longer does. */
void suspect_followed(uintptr_t address);
void suspect_unfollowed(uintptr_t address);
/* A lock lies there, or no longer does. */
void suspect_lock(uintptr_t address);
void suspect_unlocked(uintptr_t address);

/* With heap=exact: every block, from now on. */
void suspect_all(void);
/* Blocks in this range, whatever else is there: those of the library's own pool. */
void suspect_always(uintptr_t start, size_t size);
/* Anew: the recorder's memory was just made, or is left. */
void suspect_begin(void);
#endif
