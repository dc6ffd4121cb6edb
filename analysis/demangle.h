/*
 * demangle.h - C++ (Itanium) and Rust (legacy and v0) symbol names as people write them.
 */
#ifndef KIWI_DEMANGLE_H
#define KIWI_DEMANGLE_H

#include "arena.h"

#include <stdbool.h>

/*
 * The name to show for a symbol: demangled where it is mangled, else itself; printable. std::string is called that,
 * and a part that gcc split off ("f.part.0", "f.cold") has the name of the whole. NULL = out of memory.
 */
const char *demangle(struct arena *texts, const char *symbol);
bool is_mangled(const char *symbol);
#endif
