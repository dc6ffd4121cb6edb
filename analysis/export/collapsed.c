/* collapsed.c - stacks folded into lines, as flame graph programs read them. */
#include "profile.h"

#include "../place.h"
#include "bytes.h"
#include "ids.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct line {
    char *path;
    double value;
};

struct lines {
    struct ids paths; /* id = 1 + index into items */
    struct line *items;
    uint32_t capacity;
};

/* ';' parts frames, and a line ends where the text does. */
static void add_frame(struct bytes *b, const struct symbol_frame *f)
{
    char text[512];
    const char *name = f->function && *f->function ? f->function : place_text(f, text, sizeof text);

    if (b->size)
        bytes_add(b, ";", 1);
    for (; *name; name++)
        bytes_add(b, *name == ';' ? ":" : *name == '\n' ? " " : name, 1);
}

static int add_path(struct lines *l, const struct bytes *path, double value)
{
    bool is_new;
    uint32_t id = ids_get(&l->paths, path->data, path->size, &is_new);

    if (!id)
        return -1;
    if (id > l->capacity) {
        uint32_t capacity = l->capacity ? 2 * l->capacity : 256;
        struct line *items = reallocarray(l->items, capacity, sizeof *items);

        if (!items)
            return -1;
        l->items = items;
        l->capacity = capacity;
    }
    if (is_new)
        l->items[id - 1] = (struct line){.path = strndup(path->data, path->size)};
    l->items[id - 1].value += value;
    return l->items[id - 1].path ? 0 : -1;
}

static int add_stack(struct lines *l, struct model *m, uint32_t stack, double value)
{
    struct bytes path = {0};
    unsigned frames = place_frames(m->trace, m->symbols, stack);
    int result;

    for (unsigned i = frames; i > 0; i--) {
        struct symbol_frame f = place_frame(m->trace, m->symbols, stack, i - 1);

        add_frame(&path, &f);
    }
    if (!path.size)
        bytes_text(&path, "[unknown]");
    result = path.failed ? -1 : add_path(l, &path, value);
    bytes_release(&path);
    return result;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(((const struct line *)a)->path, ((const struct line *)b)->path);
}

static int print(const struct lines *l, FILE *out)
{
    qsort(l->items, l->paths.count, sizeof *l->items, compare_lines);
    for (uint32_t i = 0; i < l->paths.count; i++)
        if (l->items[i].value >= 0.5 && fprintf(out, "%s %.0f\n", l->items[i].path, l->items[i].value) < 0)
            return -1;
    return 0;
}

int export_collapsed(struct model **models, unsigned count, enum profile_value v, FILE *out)
{
    struct lines l = {0};
    int result = 0;

    for (unsigned i = 0; i < count && !result; i++) {
        struct profile p;

        result = profile_open(&p, models[i]);
        for (uint32_t k = 0; k < p.count && !result; k++)
            if (p.items[k].values[v] >= 0.5)
                result = add_stack(&l, models[i], p.items[k].stack, p.items[k].values[v]);
        profile_close(&p);
    }
    if (result)
        errno = ENOMEM;
    else if (l.paths.count)
        result = print(&l, out);
    for (uint32_t i = 0; i < l.paths.count && i < l.capacity; i++)
        free(l.items[i].path);
    free(l.items);
    ids_release(&l.paths);
    return result;
}
