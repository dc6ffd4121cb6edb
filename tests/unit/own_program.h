/*
 * own_program.h - a history in which the test program itself was recorded: its own functions are the frames of the
 * stacks, and their names are found.
 */
#ifndef KIWI_TEST_OWN_PROGRAM_H
#define KIWI_TEST_OWN_PROGRAM_H

#include "../../analysis/model.h"
#include "../../analysis/symbols.h"
#include "../lib/trace_builder.h"

#include <limits.h>
#include <link.h>
#include <unistd.h>

struct own_program {
    struct trace_builder *builder;
    struct trace *trace;
    struct symbols *symbols;
    struct model *model;
};

static inline int first_module(struct dl_phdr_info *info, size_t size, void *base)
{
    (void)size;
    *(uint64_t *)base = info->dlpi_addr;
    return 1;
}

static inline int own_program_open(void **state)
{
    static struct own_program h;
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    uint64_t base;

    if (length < 0 || !(h.builder = builder_open()))
        return -1;
    path[length] = '\0';
    dl_iterate_phdr(first_module, &base);
    builder_header(h.builder)->executable = builder_string(h.builder, path);
    builder_module(h.builder, path, base, 64u << 20);
    *state = &h;
    return 0;
}

static inline int own_program_close(void **state)
{
    struct own_program *h = *state;

    model_close(h->model);
    symbols_close(h->symbols);
    trace_close(h->trace);
    builder_close(h->builder);
    *h = (struct own_program){.builder = NULL};
    return 0;
}

static inline uint64_t into(int (*function)(int))
{
    return (uint64_t)(uintptr_t)function + 1;
}

/* After the last row was made. */
static inline struct model *own_program_read(struct own_program *h)
{
    h->trace = builder_trace(h->builder);
    h->symbols = symbols_open(h->trace);
    h->model = model_open(h->trace, h->symbols);
    return h->model;
}
#endif
