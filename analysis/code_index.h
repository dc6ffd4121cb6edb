/*
 * code_index.h - DWARF: from a code address to the function, the functions inlined there, and their lines.
 *
 * Units and the functions in them are indexed when first met, so a report touches only the units that it names.
 * Addresses are DWARF addresses.
 */
#ifndef KIWI_CODE_INDEX_H
#define KIWI_CODE_INDEX_H

#include "arena.h"
#include "symbols.h"

#include <elfutils/libdw.h>

struct code_index;
struct code_index *code_index_open(Dwarf *dwarf); /* NULL = out of memory */
void code_index_close(struct code_index *x);
/* Innermost first; 0 = no unit has this address. *bare: the last one is a C++ function without a linkage name, so
 * that its name tells nothing of its class. */
unsigned code_index_frames(struct code_index *x, uint64_t address, struct arena *texts, struct symbol_frame *out,
                           unsigned max, bool *bare);

/* The calls that are the last thing a function does, made jumps by the compiler. */
struct code_jumps {
    unsigned count;     /* that are known of: clang tells of few */
    uint64_t at, after; /* of the only one: where it is, or where it ends; 0 = not known */
    uint64_t end;       /* of the function, 0 = it is in several pieces */
};
/* A function begins at this address, and the address `inside` (0: none) lies in another one. */
bool code_index_jumps(struct code_index *x, uint64_t function, uint64_t inside, struct code_jumps *jumps);
#endif
