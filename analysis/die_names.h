/*
 * die_names.h - what functions and variables of DWARF are called by people.
 *
 * The demangled linkage name if there is one. Lambdas and local classes have none: theirs is put together from what
 * they lie in ("main::<lambda()>::operator()"), which takes a walk through the unit and is remembered.
 */
#ifndef KIWI_DIE_NAMES_H
#define KIWI_DIE_NAMES_H

#include "arena.h"

#include <elfutils/libdw.h>
#include <stdbool.h>

#define DIE_NAMES_HEADS 256u

struct die_name;
struct die_names {
    struct die_name *heads[DIE_NAMES_HEADS]; /* of the qualified ones, by offset */
};

/* texts holds the names and what is remembered. NULL = no name. */
const char *die_name(Dwarf_Die *die, struct arena *texts);
const char *die_qualified_name(struct die_names *n, Dwarf_Die *die, struct arena *texts);

/* A function of C++ without a linkage name: its plain name tells nothing of what it lies in. */
bool die_is_bare(Dwarf_Die *unit, Dwarf_Die *die);
#endif
