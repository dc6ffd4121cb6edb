/*
 * placement.h - brings a trace from memory to the name that out= gave it.
 *
 * libkiwi.so records on tmpfs where it can, so that a busy disk never stalls the service, and makes the wanted name a
 * symbolic link to it. Once the process has ended, the file itself should stand there.
 */
#ifndef KIWI_PLACEMENT_H
#define KIWI_PLACEMENT_H

#include <stdbool.h>

#define PLACEMENT_DIRECTORY "/dev/shm" /* where libkiwi.so puts traces that it does not record in place */
#define PLACEMENT_PREFIX "kiwi-"       /* how their names begin */

enum placement {
    PLACEMENT_DONE,
    PLACEMENT_NOT_NEEDED, /* the name is not a link to a trace on tmpfs */
    PLACEMENT_FAILED,     /* after a message; the link and the trace are as before */
};

/* Replaces the link `name` by a sparse copy of the trace in one step, then removes the trace from tmpfs. */
enum placement placement_replace_link(const char *name);

/* Moves a trace on tmpfs that no link leads to any more to `name`, which must not exist. */
enum placement placement_adopt(const char *stored, const char *name);
#endif
