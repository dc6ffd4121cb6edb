#include "code_index.h"

#include "die_names.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#define MAX_INLINED 64
#define MAX_NESTING 64 /* of blocks, namespaces and classes; deeper entries are not looked at */

struct range {
    uint64_t low, high;
    uint64_t reach;   /* the largest high of this range and all before it */
    Dwarf_Off offset; /* of the unit's or function's entry */
};

/* Ranges sorted by low; they may nest. */
struct ranges {
    struct range *items;
    size_t count, capacity;
};

struct unit {
    struct unit *next;
    Dwarf_Off offset;
    Dwarf_Die die;
    struct ranges functions;
    bool deep; /* functions inside functions (of local classes) are in it as well */
};

struct code_index {
    Dwarf *dwarf;
    struct ranges units; /* made only when .debug_aranges has no answer: clang writes none */
    bool units_made;
    struct unit *touched;
    struct die_names names;
};

static void ranges_add(struct ranges *r, uint64_t low, uint64_t high, Dwarf_Off offset)
{
    if (low >= high)
        return;
    if (r->count == r->capacity) {
        size_t capacity = r->capacity ? 2 * r->capacity : 64;
        struct range *grown = realloc(r->items, capacity * sizeof *grown);
        if (!grown)
            return; /* without it the address stays a symbol-table name */
        r->items = grown;
        r->capacity = capacity;
    }
    r->items[r->count++] = (struct range){.low = low, .high = high, .offset = offset};
}

static void ranges_add_die(struct ranges *r, Dwarf_Die *die)
{
    Dwarf_Addr base, low, high;
    ptrdiff_t at = 0;

    while ((at = dwarf_ranges(die, at, &base, &low, &high)) > 0)
        ranges_add(r, low, high, dwarf_dieoffset(die));
}

static int compare_ranges(const void *a, const void *b)
{
    const struct range *x = a, *y = b;

    return x->low < y->low ? -1 : x->low > y->low;
}

static void ranges_sort(struct ranges *r)
{
    uint64_t reach = 0;

    if (r->count)
        qsort(r->items, r->count, sizeof *r->items, compare_ranges);
    for (size_t i = 0; i < r->count; i++) {
        if (r->items[i].high > reach)
            reach = r->items[i].high;
        r->items[i].reach = reach;
    }
}

/* The range that begins last among those that hold the address. */
static const struct range *ranges_find(const struct ranges *r, uint64_t address)
{
    size_t low = 0, high = r->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->items[middle].low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    while (low-- > 0 && r->items[low].reach > address)
        if (address < r->items[low].high)
            return &r->items[low];
    return NULL;
}

struct code_index *code_index_open(Dwarf *dwarf)
{
    struct code_index *x = calloc(1, sizeof *x);

    if (x)
        x->dwarf = dwarf;
    return x;
}

void code_index_close(struct code_index *x)
{
    if (!x)
        return;
    while (x->touched) {
        struct unit *next = x->touched->next;
        free(x->touched->functions.items);
        free(x->touched);
        x->touched = next;
    }
    free(x->units.items);
    free(x);
}

static void make_unit_ranges(struct code_index *x)
{
    Dwarf_CU *cu = NULL;
    Dwarf_Die die;

    x->units_made = true;
    while (dwarf_get_units(x->dwarf, cu, &cu, NULL, NULL, &die, NULL) == 0)
        ranges_add_die(&x->units, &die);
    ranges_sort(&x->units);
}

static bool unit_die(struct code_index *x, uint64_t address, Dwarf_Die *die)
{
    if (dwarf_addrdie(x->dwarf, address, die))
        return true;
    if (!x->units_made)
        make_unit_ranges(x);
    const struct range *r = ranges_find(&x->units, address);
    return r && dwarf_offdie(x->dwarf, r->offset, die);
}

static bool holds_functions(int tag)
{
    return tag == DW_TAG_namespace || tag == DW_TAG_structure_type || tag == DW_TAG_class_type ||
           tag == DW_TAG_union_type || tag == DW_TAG_module;
}

/* Adds the functions below `die`; with deep, those inside functions too. */
static void add_functions(struct ranges *r, Dwarf_Die *die, bool deep, unsigned nesting)
{
    Dwarf_Die child;

    if (nesting > MAX_NESTING || dwarf_child(die, &child) != 0)
        return;
    do {
        int tag = dwarf_tag(&child);
        if (tag == DW_TAG_subprogram)
            ranges_add_die(r, &child);
        if (holds_functions(tag) || (deep && (tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block)))
            add_functions(r, &child, deep, nesting + 1);
    } while (dwarf_siblingof(&child, &child) == 0);
}

static struct unit *unit_at(struct code_index *x, uint64_t address)
{
    Dwarf_Die die;

    if (!unit_die(x, address, &die))
        return NULL;
    for (struct unit *u = x->touched; u; u = u->next)
        if (u->offset == dwarf_dieoffset(&die))
            return u;
    struct unit *u = calloc(1, sizeof *u);
    if (!u)
        return NULL;
    u->die = die;
    u->offset = dwarf_dieoffset(&die);
    add_functions(&u->functions, &u->die, false, 0);
    ranges_sort(&u->functions);
    u->next = x->touched;
    x->touched = u;
    return u;
}

static bool function_at(struct code_index *x, struct unit *u, uint64_t address, Dwarf_Die *function)
{
    const struct range *r = ranges_find(&u->functions, address);

    if (!r && !u->deep) {
        u->deep = true;
        u->functions.count = 0;
        add_functions(&u->functions, &u->die, true, 0);
        ranges_sort(&u->functions);
        r = ranges_find(&u->functions, address);
    }
    return r && dwarf_offdie(x->dwarf, r->offset, function);
}

/* A block without addresses of its own may still hold inlined calls. */
static bool may_hold(Dwarf_Die *die, uint64_t address)
{
    int tag = dwarf_tag(die);

    if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_lexical_block && tag != DW_TAG_try_block &&
        tag != DW_TAG_catch_block)
        return false;
    if (dwarf_haspc(die, address) > 0)
        return true;
    return tag == DW_TAG_lexical_block && !dwarf_hasattr(die, DW_AT_low_pc) && !dwarf_hasattr(die, DW_AT_ranges);
}

/* Appends the inlined calls that hold the address, outermost first. Returns how many there are then. */
static unsigned add_inlined(Dwarf_Die *die, uint64_t address, Dwarf_Die *chain, unsigned count, unsigned nesting)
{
    Dwarf_Die child;

    if (nesting > MAX_NESTING || dwarf_child(die, &child) != 0)
        return count;
    do {
        if (!may_hold(&child, address))
            continue;
        bool inlined = dwarf_tag(&child) == DW_TAG_inlined_subroutine;
        if (inlined && count == MAX_INLINED)
            return count;
        if (inlined)
            chain[count] = child;
        unsigned found = add_inlined(&child, address, chain, count + inlined, nesting + 1);
        if (found > count)
            return found;
    } while (dwarf_siblingof(&child, &child) == 0);
    return count;
}

struct place {
    const char *file;
    int line;
};

static struct place line_place(struct unit *u, uint64_t address)
{
    struct place p = {0};
    Dwarf_Line *line = dwarf_getsrc_die(&u->die, address);

    if (line && dwarf_lineno(line, &p.line) == 0)
        p.file = dwarf_linesrc(line, NULL, NULL);
    return p;
}

static bool constant(Dwarf_Die *die, unsigned name, Dwarf_Word *value)
{
    Dwarf_Attribute attribute;

    return dwarf_attr(die, name, &attribute) && dwarf_formudata(&attribute, value) == 0;
}

/* Where an inlined function was called. */
static struct place call_place(struct unit *u, Dwarf_Die *inlined)
{
    struct place p = {0};
    Dwarf_Word file, line;
    Dwarf_Files *files;
    size_t count;

    if (constant(inlined, DW_AT_call_file, &file) && dwarf_getsrcfiles(&u->die, &files, &count) == 0 && file < count)
        p.file = dwarf_filesrc(files, file, NULL, NULL);
    if (constant(inlined, DW_AT_call_line, &line) && line <= INT32_MAX)
        p.line = (int)line;
    return p;
}

static const char *function_name(struct code_index *x, struct unit *u, Dwarf_Die *die, struct arena *texts)
{
    return die_is_bare(&u->die, die) ? die_qualified_name(&x->names, die, texts) : die_name(die, texts);
}

unsigned code_index_frames(struct code_index *x, uint64_t address, struct arena *texts, struct symbol_frame *out,
                           unsigned max, bool *bare)
{
    Dwarf_Die chain[MAX_INLINED];
    struct unit *u = unit_at(x, address);
    unsigned count = 0, depth = 0;

    if (!u || !max)
        return 0;
    struct place place = line_place(u, address);
    if (!function_at(x, u, address, &chain[0])) {
        out[0] = (struct symbol_frame){.file = place.file, .line = place.line};
        return 1;
    }
    *bare = die_is_bare(&u->die, &chain[0]);
    depth = add_inlined(&chain[0], address, chain, 1, 0);
    for (unsigned i = depth; i-- > 0 && count < max; count++) {
        out[count] = (struct symbol_frame){
                .function = function_name(x, u, &chain[i], texts),
                .file = place.file,
                .line = place.line,
                .inlined = i > 0,
        };
        if (i)
            place = call_place(u, &chain[i]);
    }
    return count;
}

/* Tail calls. */

static uint64_t address_of(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Addr address;

    return dwarf_attr(die, name, &attribute) && dwarf_formaddr(&attribute, &address) == 0 ? address : 0;
}

static bool is_jump(Dwarf_Die *die)
{
    return (dwarf_tag(die) == DW_TAG_call_site && dwarf_hasattr(die, DW_AT_call_tail_call)) ||
           (dwarf_tag(die) == DW_TAG_GNU_call_site && dwarf_hasattr(die, DW_AT_GNU_tail_call));
}

/* gcc tells of the place behind the jump, clang of the jump. */
static void add_jump(struct code_jumps *j, Dwarf_Die *call)
{
    uint64_t after = address_of(call, DW_AT_call_return_pc);
    bool only = !j->count++;

    after = after ? after : address_of(call, DW_AT_low_pc);
    j->after = only ? after : 0;
    j->at = only ? address_of(call, DW_AT_call_pc) : 0;
}

static void find_jumps(struct code_jumps *j, Dwarf_Die *die, unsigned nesting)
{
    Dwarf_Die child;

    if (nesting > MAX_NESTING || dwarf_child(die, &child) != 0)
        return;
    do {
        int tag = dwarf_tag(&child);
        if (is_jump(&child))
            add_jump(j, &child);
        if (tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine)
            find_jumps(j, &child, nesting + 1);
    } while (dwarf_siblingof(&child, &child) == 0);
}

bool code_index_jumps(struct code_index *x, uint64_t function, uint64_t inside, struct code_jumps *jumps)
{
    struct unit *u = unit_at(x, function), *other = inside ? unit_at(x, inside) : NULL;
    Dwarf_Die die, at;
    Dwarf_Addr entry, end;

    if (!u || !function_at(x, u, function, &die) || dwarf_entrypc(&die, &entry) != 0 || entry != function)
        return false;
    if (other && function_at(x, other, inside, &at) && dwarf_dieoffset(&at) == dwarf_dieoffset(&die))
        return false;
    *jumps = (struct code_jumps){.end = dwarf_highpc(&die, &end) == 0 ? end : 0};
    find_jumps(jumps, &die, 0);
    return true;
}
