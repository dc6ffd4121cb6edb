#include "die_names.h"

#include "demangle.h"

#include <dwarf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES 1024 /* longer qualified names are cut */
#define MAX_REFERENCES 8

struct die_name {
    struct die_name *next;
    Dwarf_Off offset;
    const char *name;
};

static const char *linkage_name(Dwarf_Die *die)
{
    Dwarf_Attribute attribute;

    if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) ||
        dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
        return dwarf_formstring(&attribute);
    return NULL;
}

const char *die_name(Dwarf_Die *die, struct arena *texts)
{
    const char *linkage = linkage_name(die), *name = linkage ? linkage : dwarf_diename(die);

    return name ? demangle(texts, name) : NULL;
}

bool die_is_bare(Dwarf_Die *unit, Dwarf_Die *die)
{
    int language = dwarf_srclang(unit);

    return !linkage_name(die) && (language == DW_LANG_C_plus_plus || language == DW_LANG_C_plus_plus_03 ||
                                  language == DW_LANG_C_plus_plus_11 || language == DW_LANG_C_plus_plus_14);
}

/* From a concrete or inlined copy to the entry that was declared in its class or namespace. */
static Dwarf_Die declaration(Dwarf_Die die)
{
    Dwarf_Attribute attribute;
    Dwarf_Die next;

    for (unsigned i = 0; i < MAX_REFERENCES; i++) {
        if (!dwarf_attr(&die, DW_AT_abstract_origin, &attribute) && !dwarf_attr(&die, DW_AT_specification, &attribute))
            break;
        if (!dwarf_formref_die(&attribute, &next))
            break;
        die = next;
    }
    return die;
}

/* The part that a scope gives to the names in it, NULL = none. */
static const char *scope_name(Dwarf_Die *scope, bool holds_call_operator)
{
    const char *name = dwarf_diename(scope);

    switch (dwarf_tag(scope)) {
    case DW_TAG_subprogram:
        return name;
    case DW_TAG_namespace:
        return name ? name : "(anonymous namespace)";
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
    case DW_TAG_union_type:
        return name ? name : holds_call_operator ? "{lambda}" : "{unnamed}";
    default:
        return NULL;
    }
}

static const char *put_together(Dwarf_Die *die, struct arena *texts)
{
    Dwarf_Die *scopes = NULL;
    int count = dwarf_getscopes_die(die, &scopes);
    char text[NAME_BYTES] = "";
    size_t length = 0;
    const char *own = dwarf_diename(die);
    bool call_operator = own && strcmp(own, "operator()") == 0;

    for (int i = count - 1; i >= 0 && length < sizeof text; i--) {
        const char *name = scope_name(&scopes[i], call_operator && i == 1);
        if (name)
            length += (size_t)snprintf(text + length, sizeof text - length, "%s%s", length ? "::" : "", name);
    }
    free(scopes);
    return length ? demangle(texts, text) : die_name(die, texts);
}

const char *die_qualified_name(struct die_names *n, Dwarf_Die *die, struct arena *texts)
{
    Dwarf_Die declared = declaration(*die);
    Dwarf_Off offset = dwarf_dieoffset(&declared);
    struct die_name **head = &n->heads[offset * 0x9e3779b1u >> 8 & (DIE_NAMES_HEADS - 1)];

    for (struct die_name *known = *head; known; known = known->next)
        if (known->offset == offset)
            return known->name;
    struct die_name *made = arena_alloc(texts, sizeof *made);
    if (!made)
        return NULL;
    *made = (struct die_name){*head, offset, put_together(&declared, texts)};
    *head = made;
    return made->name;
}
