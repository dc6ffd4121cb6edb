#include "symbol_table.h"

#include <stdlib.h>
#include <string.h>

struct symbol {
    uint64_t start, end;
    uint64_t reach; /* the largest end of this symbol and all before it */
    const char *name;
    uint8_t rank; /* less is better */
};

struct symbols_of_kind {
    struct symbol *items; /* by start, then rank */
    size_t count;
};

struct symbol_table {
    struct symbols_of_kind functions, objects;
};

static uint8_t rank_of(const char *name, const GElf_Sym *s)
{
    size_t underscores = strspn(name, "_");

    return (uint8_t)((GELF_ST_BIND(s->st_info) == STB_LOCAL ? 8 : 0) + (underscores < 7 ? underscores : 7));
}

static int compare(const void *a, const void *b)
{
    const struct symbol *x = a, *y = b;

    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    size_t length_x = strlen(x->name), length_y = strlen(y->name);
    if (length_x != length_y)
        return length_x < length_y ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void sort(struct symbols_of_kind *k)
{
    uint64_t reach = 0;

    if (k->count)
        qsort(k->items, k->count, sizeof *k->items, compare);
    for (size_t i = 0; i < k->count; i++) {
        if (k->items[i].end > reach)
            reach = k->items[i].end;
        k->items[i].reach = reach;
    }
}

/* A function of assembly has perhaps no size: it ends where the next one begins. */
static void end_at_the_next(struct symbols_of_kind *k)
{
    for (size_t i = 0; i + 1 < k->count; i++)
        if (k->items[i].end == k->items[i].start)
            k->items[i].end = k->items[i + 1].start;
}

static void add(struct symbol_table *t, Dwfl_Module *module, int index)
{
    GElf_Sym s;
    GElf_Addr address;
    GElf_Word section;
    const char *name = dwfl_module_getsym_info(module, index, &s, &address, &section, NULL, NULL);
    int type = GELF_ST_TYPE(s.st_info);

    if (!name || !name[0] || section == SHN_UNDEF || address > UINT64_MAX - s.st_size)
        return;
    bool function = type == STT_FUNC || type == STT_GNU_IFUNC;
    struct symbols_of_kind *k = function ? &t->functions : &t->objects;
    if (!function && (type != STT_OBJECT || !s.st_size))
        return;
    k->items[k->count++] = (struct symbol){
            .start = address,
            .end = address + s.st_size,
            .name = name,
            .rank = rank_of(name, &s),
    };
}

struct symbol_table *symbol_table_open(Dwfl_Module *module)
{
    struct symbol_table *t = calloc(1, sizeof *t);
    int count = dwfl_module_getsymtab(module);

    if (!t)
        return NULL;
    count = count > 0 ? count : 0;
    t->functions.items = calloc((size_t)count + 1, sizeof *t->functions.items);
    t->objects.items = calloc((size_t)count + 1, sizeof *t->objects.items);
    if (!t->functions.items || !t->objects.items) {
        symbol_table_close(t);
        return NULL;
    }
    for (int i = 1; i < count; i++)
        add(t, module, i);
    sort(&t->functions);
    end_at_the_next(&t->functions);
    sort(&t->functions);
    sort(&t->objects);
    return t;
}

void symbol_table_close(struct symbol_table *t)
{
    if (!t)
        return;
    free(t->functions.items);
    free(t->objects.items);
    free(t);
}

/* Of the symbols that cover the address, those that begin last; of these the first. */
static const struct symbol *find(const struct symbols_of_kind *k, uint64_t address)
{
    const struct symbol *best = NULL;
    size_t low = 0, high = k->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (k->items[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    while (low-- > 0 && k->items[low].reach > address) {
        const struct symbol *s = &k->items[low];
        if (best && s->start != best->start)
            break;
        if (address < s->end)
            best = s;
    }
    return best;
}

const char *symbol_table_function(const struct symbol_table *t, uint64_t address)
{
    const struct symbol *s = find(&t->functions, address);

    return s ? s->name : NULL;
}

const char *symbol_table_object(const struct symbol_table *t, uint64_t address, uint64_t *offset)
{
    const struct symbol *s = find(&t->objects, address);

    if (!s)
        return NULL;
    *offset = address - s->start;
    return s->name;
}

/* "malloc@GLIBC_2.2.5" is malloc. */
static bool is_name(const char *symbol, const char *name)
{
    size_t length = strlen(name);

    return strncmp(symbol, name, length) == 0 && (!symbol[length] || symbol[length] == '@');
}

static bool has(Dwfl_Module *module, int count, const char *name, bool defined)
{
    for (int i = 1; i < count; i++) {
        GElf_Sym s;
        GElf_Addr address;
        GElf_Word section;
        const char *symbol = dwfl_module_getsym_info(module, i, &s, &address, &section, NULL, NULL);

        if (symbol && is_name(symbol, name) && (section == SHN_UNDEF ? !defined : GELF_ST_TYPE(s.st_info) == STT_FUNC))
            return true;
    }
    return false;
}

const char *symbol_table_mention(Dwfl_Module *module, const char *const *names, bool defined)
{
    int count = dwfl_module_getsymtab(module);

    for (; *names; names++)
        if (has(module, count, *names, defined))
            return *names;
    return NULL;
}
