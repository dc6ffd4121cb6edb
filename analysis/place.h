/*
 * place.h - where in the program a recorded stack is, whether or not symbols were loaded.
 *
 *     struct symbol_frame at = place_location(t, symbols, row->stack);
 *     if (at.function) ...
 *
 * Without symbols the frames are the raw return addresses, with module and offset where the trace's module table has
 * them. Strings in a frame belong to the symbols or the trace.
 */
#ifndef KIWI_PLACE_H
#define KIWI_PLACE_H

#include "symbols.h"

unsigned place_frames(const struct trace *t, struct symbols *s,
                      uint32_t stack); /* number of frames, 0 = not recorded */
/* Frame i, innermost first; an empty frame beyond the end. */
struct symbol_frame place_frame(const struct trace *t, struct symbols *s, uint32_t stack, unsigned i);

/* The innermost frame that is not inside libc, libstdc++ and the like; the innermost one if all are. */
struct symbol_frame place_location(const struct trace *t, struct symbols *s, uint32_t stack);

/* For people: the same, but the innermost line of the user's code that called a library of the system (below), where
 * that is known. */
struct symbol_frame place_user_location(const struct trace *t, struct symbols *s, uint32_t stack);

/* Inside a library that came with the system: what the user's code calls, but did not write. */
bool place_is_library(const struct symbol_frame *f);

/* Same value for the same place in two runs of the same binaries: of the whole stack, and of its location alone (the
 * source line where it is known: an unrolled loop calls from several addresses). */
uint64_t place_stack_hash(const struct trace *t, uint32_t stack);
uint64_t place_location_hash(const struct trace *t, struct symbols *s, uint32_t stack);
/* The same of a return address alone. Within one trace: where nothing is known of it, it is the address. */
uint64_t place_address_hash(struct symbols *s, uint64_t address);
/* The same, of what called the function that returns to `address`, one of the stack's: what is further in is left
 * out. */
uint64_t place_location_hash_from(const struct trace *t, struct symbols *s, uint32_t stack, uint64_t address);

/* The function's name as people want to read it: of one that is longer than a line, parameters and template arguments
 * are left out ("Cache<...>::get"). Returns text; "" if the name is not known. */
const char *place_function(const struct symbol_frame *f, char *text, size_t size);
/* "conn_new conn.c:112", "conn_new in memcached", "memcached+0x1a2b". Never longer than size; returns text. */
const char *place_text(const struct symbol_frame *f, char *text, size_t size);
const char *place_base_name(const char *path); /* behind the last slash; "" for NULL */

uint64_t place_hash(uint64_t hash, uint64_t value);        /* order-dependent mixing step; start with 0 */
uint64_t place_hash_text(uint64_t hash, const char *text); /* NULL is "" */
#endif
