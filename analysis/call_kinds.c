#include "call_kinds.h"

#include <stddef.h>

static const struct kind {
    const char *name;
    enum kiwi_call_group group;
} kinds[KIWI_CALL_LIMIT] = {
#define X(id, name, text, group) [id] = {text, KIWI_GROUP_##group},
        KIWI_CALLS(X)
#undef X
};

static const struct kind *known(uint32_t kind)
{
    return kind < KIWI_CALL_LIMIT && kinds[kind].name ? &kinds[kind] : NULL;
}

const char *call_kind_name(uint32_t kind)
{
    return known(kind) ? kinds[kind].name : "a call";
}

enum kiwi_call_group call_kind_group(uint32_t kind)
{
    return known(kind) ? kinds[kind].group : KIWI_GROUP_SYNC;
}

bool call_kind_has_descriptor(uint32_t kind)
{
    enum kiwi_call_group group = call_kind_group(kind);

    return group == KIWI_GROUP_IO || group == KIWI_GROUP_DISK;
}
