/*
 * text.h - makes text from a trace, or from the files it names, safe to print: a name is data, not terminal control.
 */
#ifndef KIWI_TEXT_H
#define KIWI_TEXT_H

#include <stddef.h>

/* Replaces control characters and bytes that are not part of well-formed UTF-8 by '?', in place, up to `size`
 * bytes. NULs are kept, so a whole string table can be cleaned at once. The result is valid UTF-8 of the same
 * length. */
void text_clean(char *bytes, size_t size);
#endif
