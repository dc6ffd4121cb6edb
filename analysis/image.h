/*
 * image.h - one ELF file that was loaded into the recorded process, with its debug information wherever that is.
 *
 *     struct image *i = image_open(path, build_id, build_id_size);
 *     unsigned n = image_frames(i, 0x1234, &texts, frames, max);   // file address: address in memory - load bias
 *     image_close(i);
 *
 * Debug information is taken from the file itself or from a separate file found by build id or debug link below
 * /usr/lib/debug; never from the network. It is loaded when first needed. A file with another build id than the
 * recorded one is not used at all: wrong names are worse than none.
 */
#ifndef KIWI_IMAGE_H
#define KIWI_IMAGE_H

#include "arena.h"
#include "symbols.h"

#include <elfutils/libdw.h>

struct image;
/* build_id_size 0 = not recorded: the file is trusted. NULL only when out of memory; see image_fault. */
struct image *image_open(const char *path, const uint8_t *build_id, uint32_t build_id_size);
void image_close(struct image *i);
const char *image_fault(const struct image *i);      /* why nothing can be looked up, NULL = usable */
Dwarf *image_dwarf(struct image *i, uint64_t *bias); /* NULL = none; address in DWARF = file address - bias */

/*
 * The function at an address and those inlined there, innermost first: function, file, line and inlined are filled in.
 * Returns how many, at most max; at least 1 (with all fields unknown) if max > 0.
 */
unsigned image_frames(struct image *i, uint64_t address, struct arena *texts, struct symbol_frame *out, unsigned max);

/*
 * The function that the instruction before `after` (a return address) called, if that is one of this file, can leave by
 * a jump, and is not the one at `inside` (0: none of this file): then it has left. jumped: that instruction is such a
 * jump itself. *function: its first address. *left: the address behind its jump, 0 = not known.
 */
bool image_left_by_jump(struct image *i, uint64_t after, bool jumped, uint64_t inside, uint64_t *function,
                        uint64_t *left);

/* The data symbol that covers an address (raw name), NULL = none. */
const char *image_data_symbol(struct image *i, uint64_t address, uint64_t *offset);

/* The first of the names of functions that its symbol tables have: see symbol_table_mention. */
const char *image_mention(struct image *i, const char *const *names, bool defined);
#endif
