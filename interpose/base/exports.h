/*
 * exports.h - whether a name is there at all, before anybody is asked for it.
 *
 * dlsym allocates the text of its error when a name is missing, and frees it at the next call. While the process
 * starts, its allocator may not be ready for that, and may not survive it.
 */
#ifndef KIWI_EXPORTS_H
#define KIWI_EXPORTS_H

#include <stdbool.h>

/* A module behind this one in the order of loading defines the name for others, or any module does. Allocates and locks
 * nothing; only while no module is being unloaded, as when the process starts. */
bool exports_behind(const char *name);
bool exports_anywhere(const char *name);
#endif
