/*
 * pattern.h - names against what people write: '*' stands for any characters, '?' for one, everything else for itself
 * (brackets too: they belong to names such as operator[] and shards[3]).
 *
 *     pattern_matches_function("Cache::*", "Cache::get(int) const")     // true
 *     pattern_matches_path("net/conn.c", "/src/net/conn.c")            // true
 *
 * A NULL text matches nothing. Cost: at worst the product of both lengths.
 */
#ifndef KIWI_PATTERN_H
#define KIWI_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

bool pattern_matches(const char *pattern, const char *text);
/* The whole path, or its end from some directory on. */
bool pattern_matches_path(const char *pattern, const char *path);
/* The name as it is; without its list of parameters; or the bare name, without the type of the result and the template
 * arguments that the names of template functions have, and without tags ("[abi:cxx11]", ".isra.0"). */
bool pattern_matches_function(const char *pattern, const char *function);

/* Length of a demangled name without "(int, char) const" and "[clone .cold]": all of it where there are none. */
size_t pattern_function_length(const char *function);
#endif
