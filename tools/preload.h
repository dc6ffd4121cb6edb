/*
 * preload.h - where libkiwi.so is, and LD_PRELOAD with it in the right place.
 */
#ifndef KIWI_PRELOAD_H
#define KIWI_PRELOAD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Finds libkiwi.so: $KIWI_LIBRARY, else beside the kiwi binary, else in the lib directories of the prefix that kiwi is
 * installed under. Returns false after a message when there is none that can be preloaded.
 */
bool preload_find(char *path, size_t size);

/* Whether a file name of `length` bytes, perhaps with directories, is a sanitizer's runtime. */
bool preload_is_sanitizer(const char *name, size_t length);

/*
 * Sets LD_PRELOAD of this process: the library in front of what is there, but behind sanitizer runtimes, which must
 * come first. sanitizer: soname of one that the program is linked with, or "". Returns false after a message.
 */
bool preload_set(const char *library, const char *sanitizer);
#endif
