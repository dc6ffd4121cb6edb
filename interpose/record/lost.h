/*
 * lost.h - which of the followed heap blocks nothing refers to any more.
 *
 *     if (lost_open(&l)) {
 *         for each piece of memory, in the order of addresses: lost_take(&l, at, bytes, size);
 *         lost_decide(&l);                        // these two lines again: a block must be lost both times
 *         lost_each(&l, note, arg);
 *     }
 *     lost_close(&l);
 *
 * A value that points into a block, or right behind it, is a reference, also with its upper 17 bits or its lowest ones
 * used for something else, and at any multiple of four bytes. All memory is taken for alive but the blocks that are
 * followed, and the freed ones that are kept: what lies in a block counts once the block itself is referred to. So
 * blocks that refer only to each other are lost. Everything that is doubtful is a reference.
 */
#ifndef KIWI_LOST_H
#define KIWI_LOST_H

#include "block.h"

#define LOST_BLOCKS_MAX (512u << 10)
#define LOST_NONE UINT32_MAX

struct lost_block {
    uint64_t address, size, birth;
    uint32_t index;   /* into memory.blocks */
    uint32_t owner;   /* of a lost one: the lost block through which it could be reached, itself = none */
    uint32_t edges;   /* first of what it refers to; up to that of the next one */
    uint8_t reached;  /* something refers to it */
    uint8_t dead;     /* it was freed, and what lies in it means nothing */
    uint8_t parented; /* another lost block refers to it */
    uint8_t reserved;
};

struct lost {
    void *arena;
    size_t arena_size;
    char *buffer; /* READABLE_BUFFER bytes for who reads the memory */
    struct lost_block *blocks;
    uint32_t count;
    uint64_t *pages; /* bits: a block may begin, lie or end there, by hash */
    uint32_t *edges, edge_count, edge_max;
    uint32_t *work;
    uint32_t cursor; /* first block that does not end before what is taken next */
    /* Pointers may begin at any byte, as in packed structures, lie in the upper 48 bits of a word, or be ints of
     * Python's. */
    bool fine;
    bool fine_code;      /* that for what can be executed: instructions hold addresses at any byte */
    uint64_t code_bytes; /* of that since lost_begin */
};

enum lost_opened { LOST_OPEN, LOST_TOO_MANY, LOST_NO_MEMORY };
/* dead_too: freed blocks that are kept from the allocator do not count as memory. Collects the blocks of this
 * moment. */
enum lost_opened lost_open(struct lost *l, bool dead_too);
void lost_close(struct lost *l); /* fine if it is not open */

void lost_begin(struct lost *l); /* before the pieces of another reading */
/* bytes: a piece of memory, 8-aligned, behind the ones before. code: it can be executed. */
void lost_take(struct lost *l, uintptr_t at, const char *bytes, size_t size, bool code);
/* A value that is kept where no memory is. */
void lost_refer(struct lost *l, uint64_t value);
void lost_decide(struct lost *l);

/* So many are lost. */
uint32_t lost_count(const struct lost *l);
/* Lost blocks that have not been freed since. owner: the record of the block that it was lost with, or its own. */
void lost_each(const struct lost *l,
               void (*note)(void *arg, const struct heap_block *b, const struct heap_block *owner), void *arg);
#endif
