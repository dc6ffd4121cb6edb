/*
 * symbols.h - addresses to functions and lines through elfutils, inlined frames expanded, C++ and Rust names demangled.
 *
 * Looks for debug information in the module itself, in separate debug files by build id and by debug link. Never asks
 * the network. A file whose build id is not the recorded one is not used (the report says so). Symbolized frames are
 * cached.
 */
#ifndef KIWI_SYMBOLS_H
#define KIWI_SYMBOLS_H

#include "reader.h"

struct symbol_frame {
    const char *function; /* demangled, NULL = unknown */
    const char *file;     /* as recorded in the line table (absolute where known), NULL = unknown */
    const char *module;   /* path as recorded, NULL = unknown */
    int line;             /* 0 = unknown */
    uint64_t offset;      /* file address (module-relative) of the frame */
    bool inlined;         /* inlined into the next frame of the list */
    bool internal;        /* inside libc, libstdc++, GLib, Boost and their kin: not a location for people */
};

struct symbols;
struct symbols *symbols_open(struct trace *t); /* NULL when out of memory */
void symbols_close(struct symbols *s);

/* All frames of a stack, innermost first, inlined ones expanded, kiwi's own wrapper frames removed. The array lives as
 * long as s. */
const struct symbol_frame *symbols_stack(struct symbols *s, uint32_t stack, unsigned *count);
/* One code address (return address: pass is_return = true so that the call itself is looked up). */
const struct symbol_frame *symbols_address(struct symbols *s, uint64_t address, bool is_return, unsigned *count);
/*
 * Variable that holds a data address: returns its (demangled) name and the offset into it, NULL if none. With debug
 * information the name goes down to the member or element at that address ("shards[3].lock", offset 0).
 */
const char *symbols_variable(struct symbols *s, uint64_t address, uint64_t *offset, const char **module);
/* The first of the names (NULL behind the last) that the executable has as a function: of its own, or (defined: false)
 * wanted from a library. NULL = none, or not known. */
const char *symbols_mention(struct symbols *s, const char *const *names, bool defined);
/* Modules used by some stack whose symbols could not be found or did not match, each with the reason ("/usr/bin/x:
 * not the file that was recorded (its build id differs)"); for the health section. Covers what was looked up so
 * far. Returns how many were written, at most max. */
unsigned symbols_unresolved(struct symbols *s, const char **modules, unsigned max);
#endif
