/*
 * symbol_table.h - the functions and data objects that a module's symbol tables name, by address.
 *
 * Of several names for one thing (libc has many) the plainest is taken: exported before local, fewest leading
 * underscores.
 */
#ifndef KIWI_SYMBOL_TABLE_H
#define KIWI_SYMBOL_TABLE_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdint.h>

struct symbol_table;
struct symbol_table *symbol_table_open(Dwfl_Module *module); /* NULL = out of memory */
void symbol_table_close(struct symbol_table *t);

/* The raw name of what covers an address, NULL = nothing does. Good as long as the module. */
const char *symbol_table_function(const struct symbol_table *t, uint64_t address);
const char *symbol_table_object(const struct symbol_table *t, uint64_t address, uint64_t *offset);

/* The first of the names (NULL behind the last) that the module's symbol tables have as a function. defined: only one
 * that the module itself has, and not one that it wants from others. NULL = none. */
const char *symbol_table_mention(Dwfl_Module *module, const char *const *names, bool defined);
#endif
