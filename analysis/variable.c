#include "variable.h"

#include "die_names.h"

#include <dwarf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NESTING 32 /* of namespaces, members and type names */
#define PATH_BYTES 256

struct variable {
    uint64_t low, high;
    Dwarf_Off offset;
};

struct variable_index {
    Dwarf *dwarf;
    struct variable *items; /* by low; variables do not overlap */
    size_t count, capacity;
};

/* A member path as it grows. */
struct path {
    char text[PATH_BYTES];
    size_t length;
};

/* How far a path got: to nothing sensible, to a whole member, to a lock. */
enum reached { NOWHERE, MEMBER, LOCK };

static bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
    Dwarf_Attribute attribute;

    return dwarf_attr_integrate(die, DW_AT_type, &attribute) && dwarf_formref_die(&attribute, type);
}

/* The address of a variable that lies at a fixed place: DW_OP_addr x, or an index into .debug_addr. */
static bool fixed_address(Dwarf_Die *die, uint64_t *address)
{
    Dwarf_Attribute location, indirect;
    Dwarf_Op *operations;
    size_t count;

    if (!dwarf_attr(die, DW_AT_location, &location) || dwarf_getlocation(&location, &operations, &count) != 0 ||
        count != 1)
        return false;
    if (operations[0].atom == DW_OP_addr) {
        *address = operations[0].number;
        return true;
    }
    return (operations[0].atom == DW_OP_addrx || operations[0].atom == DW_OP_GNU_addr_index) &&
           dwarf_getlocation_attr(&location, &operations[0], &indirect) == 0 && dwarf_formaddr(&indirect, address) == 0;
}

static void add_variable(struct variable_index *x, Dwarf_Die *die)
{
    Dwarf_Die type;
    Dwarf_Word size;
    uint64_t low;

    if (!fixed_address(die, &low) || !type_of(die, &type) || dwarf_aggregate_size(&type, &size) != 0 || !size ||
        size > UINT64_MAX - low)
        return;
    if (x->count == x->capacity) {
        size_t capacity = x->capacity ? 2 * x->capacity : 256;
        struct variable *grown = realloc(x->items, capacity * sizeof *grown);
        if (!grown)
            return; /* the symbol table still has its name */
        x->items = grown;
        x->capacity = capacity;
    }
    x->items[x->count++] = (struct variable){low, low + size, dwarf_dieoffset(die)};
}

static void add_variables(struct variable_index *x, Dwarf_Die *die, unsigned nesting)
{
    Dwarf_Die child;

    if (nesting > MAX_NESTING || dwarf_child(die, &child) != 0)
        return;
    do {
        int tag = dwarf_tag(&child);
        if (tag == DW_TAG_variable)
            add_variable(x, &child);
        else if (tag == DW_TAG_namespace)
            add_variables(x, &child, nesting + 1);
    } while (dwarf_siblingof(&child, &child) == 0);
}

static int compare_variables(const void *a, const void *b)
{
    const struct variable *x = a, *y = b;

    return x->low < y->low ? -1 : x->low > y->low;
}

struct variable_index *variable_index_open(Dwarf *dwarf)
{
    struct variable_index *x = calloc(1, sizeof *x);
    Dwarf_CU *cu = NULL;
    Dwarf_Die die;

    if (!x)
        return NULL;
    x->dwarf = dwarf;
    while (dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &die, NULL) == 0)
        add_variables(x, &die, 0);
    if (x->count)
        qsort(x->items, x->count, sizeof *x->items, compare_variables);
    return x;
}

void variable_index_close(struct variable_index *x)
{
    if (!x)
        return;
    free(x->items);
    free(x);
}

static const struct variable *find_variable(const struct variable_index *x, uint64_t address)
{
    size_t low = 0, high = x->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (x->items[middle].low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low && address < x->items[low - 1].high ? &x->items[low - 1] : NULL;
}

static void path_add(struct path *p, const char *text)
{
    int n = snprintf(p->text + p->length, sizeof p->text - p->length, "%s", text);

    if (n > 0)
        p->length += (size_t)n < sizeof p->text - p->length ? (size_t)n : sizeof p->text - p->length - 1;
}

static void path_cut(struct path *p, size_t length)
{
    p->length = length;
    p->text[length] = '\0';
}

static bool is_lock_type(const char *name)
{
    static const char *const names[] = {
            "pthread_mutex_t",
            "pthread_rwlock_t",
            "pthread_spinlock_t",
            "pthread_cond_t",
            "pthread_barrier_t",
            "pthread_once_t",
            "sem_t",
            "mtx_t",
            "cnd_t",
            "once_flag",
    };

    for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Strips type names and qualifiers; true if one of the names on the way is that of a lock. */
static bool strip_names(Dwarf_Die *type)
{
    for (unsigned i = 0; i < MAX_NESTING; i++) {
        int tag = dwarf_tag(type);
        if (is_lock_type(dwarf_diename(type)))
            return true;
        if (tag != DW_TAG_typedef && tag != DW_TAG_const_type && tag != DW_TAG_volatile_type &&
            tag != DW_TAG_restrict_type && tag != DW_TAG_atomic_type)
            return false;
        if (!type_of(type, type))
            return false;
    }
    return false;
}

static enum reached follow(Dwarf_Die type, uint64_t offset, struct path *p, unsigned nesting);

static bool member_span(Dwarf_Die *member, Dwarf_Die *type, uint64_t *low, uint64_t *size)
{
    Dwarf_Attribute attribute;
    Dwarf_Word at = 0, bytes;

    /* No location: a member of a union, at 0. A bit field is no place for a lock. */
    if (dwarf_hasattr(member, DW_AT_data_bit_offset) || dwarf_hasattr(member, DW_AT_bit_size) || !type_of(member, type))
        return false;
    if (dwarf_attr(member, DW_AT_data_member_location, &attribute) && dwarf_formudata(&attribute, &at) != 0)
        return false;
    if (dwarf_aggregate_size(type, &bytes) != 0)
        return false;
    *low = at;
    *size = bytes;
    return true;
}

/* Names that the C and C++ libraries keep for their insides say nothing to people. */
static void add_member_name(struct path *p, Dwarf_Die *member)
{
    const char *name = dwarf_tag(member) == DW_TAG_member ? dwarf_diename(member) : NULL;

    if (!name || strncmp(name, "_M_", 3) == 0 || strncmp(name, "__", 2) == 0)
        return;
    path_add(p, ".");
    path_add(p, name);
}

static enum reached follow_members(Dwarf_Die *type, uint64_t offset, struct path *p, unsigned nesting)
{
    Dwarf_Die member, member_type;
    struct path best = *p;
    enum reached reached = NOWHERE;

    if (dwarf_child(type, &member) != 0)
        return NOWHERE;
    do {
        uint64_t low, size;
        size_t length = p->length;
        int tag = dwarf_tag(&member);
        if ((tag != DW_TAG_member && tag != DW_TAG_inheritance) || !member_span(&member, &member_type, &low, &size) ||
            offset < low || offset - low >= size)
            continue;
        add_member_name(p, &member);
        enum reached now = follow(member_type, offset - low, p, nesting + 1);
        if (now > reached) {
            reached = now;
            best = *p;
        }
        path_cut(p, length);
    } while (reached != LOCK && dwarf_siblingof(&member, &member) == 0);
    *p = best;
    return reached;
}

static enum reached follow_element(Dwarf_Die *type, uint64_t offset, struct path *p, unsigned nesting)
{
    Dwarf_Die dimension, element;
    Dwarf_Word size;
    char index[32];
    unsigned dimensions = 0;

    if (dwarf_child(type, &dimension) == 0)
        do
            dimensions += dwarf_tag(&dimension) == DW_TAG_subrange_type;
        while (dwarf_siblingof(&dimension, &dimension) == 0);
    if (dimensions != 1 || !type_of(type, &element) || dwarf_aggregate_size(&element, &size) != 0 || !size)
        return NOWHERE;
    snprintf(index, sizeof index, "[%llu]", (unsigned long long)(offset / size));
    path_add(p, index);
    return follow(element, offset % size, p, nesting + 1);
}

static enum reached follow(Dwarf_Die type, uint64_t offset, struct path *p, unsigned nesting)
{
    enum reached reached = NOWHERE;
    size_t length = p->length;

    if (nesting > MAX_NESTING)
        return NOWHERE;
    if (strip_names(&type))
        return offset ? NOWHERE : LOCK;

    int tag = dwarf_tag(&type);
    if (tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type)
        reached = follow_members(&type, offset, p, nesting);
    else if (tag == DW_TAG_array_type)
        reached = follow_element(&type, offset, p, nesting);
    if (reached == LOCK || offset)
        return reached;
    /* The beginning of something that holds no lock that we know: the thing itself. */
    path_cut(p, length);
    return MEMBER;
}

const char *variable_name_at(struct variable_index *x, uint64_t address, const char *root, struct arena *texts,
                             uint64_t *offset)
{
    const struct variable *v = find_variable(x, address);
    Dwarf_Die die, type;
    struct path p = {.length = 0};

    if (!v || !dwarf_offdie(x->dwarf, v->offset, &die))
        return NULL;
    const char *name = root ? root : die_name(&die, texts);
    if (!name)
        return NULL;
    *offset = address - v->low;
    if (!type_of(&die, &type) || follow(type, *offset, &p, 0) == NOWHERE)
        return name;
    *offset = 0;
    return p.length ? arena_format(texts, "%s%s", name, p.text) : name;
}
