/*
 * trace_list.h - finds trace files: those that one out= pattern made, those of a directory, and those left on tmpfs.
 *
 *     struct trace_list list = {0};
 *     trace_list_add_directory(&list, ".");
 *     for (unsigned i = 0; i < list.count; i++) puts(list.files[i].name);
 *     trace_list_release(&list);
 *
 * Names are sorted, and each file is listed once. Every function returns false with errno when it could not look.
 */
#ifndef KIWI_TRACE_LIST_H
#define KIWI_TRACE_LIST_H

#include <stdbool.h>
#include <sys/types.h>

struct trace_list {
    struct trace_file {
        char *name;
        dev_t device;
        ino_t inode;
    } * files;
    unsigned count, capacity;
};

/* One that was named, whatever it is. */
bool trace_list_add(struct trace_list *list, const char *path);

/* What a directory, or a pattern, leads to counts when it is a regular file that starts as a trace does. */
bool trace_list_add_directory(struct trace_list *list, const char *directory);

/* Everything that `pattern`, an absolute out=, may have named, whichever process it was. */
bool trace_list_add_pattern(struct trace_list *list, const char *pattern);

/* Traces on tmpfs that no entry of the list leads to. */
bool trace_list_add_stored(struct trace_list *list);

void trace_list_release(struct trace_list *list);
#endif
