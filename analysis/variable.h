/*
 * variable.h - DWARF: from a data address to the variable there, down to the member or element that holds the lock.
 *
 *     "cache_lock", "show.lock", "shards[3].mutex"
 *
 * The index of an image's global and static variables is made when first asked for.
 */
#ifndef KIWI_VARIABLE_H
#define KIWI_VARIABLE_H

#include "arena.h"

#include <elfutils/libdw.h>
#include <stdint.h>

struct variable_index;
struct variable_index *variable_index_open(Dwarf *dwarf); /* NULL = out of memory */
void variable_index_close(struct variable_index *x);
/*
 * The name of what lies at a DWARF address; *offset is what no member accounts for. NULL = no variable there. root:
 * what to call the variable itself, for C++ where the symbol table has the qualified name; NULL = as DWARF does.
 */
const char *variable_name_at(struct variable_index *x, uint64_t address, const char *root, struct arena *texts,
                             uint64_t *offset);
#endif
