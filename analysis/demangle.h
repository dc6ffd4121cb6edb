/*
 * demangle.h - C++ (Itanium) and Rust (legacy and v0) symbol names as people write them.
 */
#ifndef KIWI_DEMANGLE_H
#define KIWI_DEMANGLE_H

#include "arena.h"

/* The name to show for a symbol: demangled where it is mangled, else itself; printable. NULL = out of memory. */
const char *demangle(struct arena *texts, const char *symbol);
#endif
