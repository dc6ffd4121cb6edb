#include "call_kinds.h"

#include <stddef.h>

/* What the name of a call does not say by itself, by group. */
#define PHRASE_POLL(text) text
#define PHRASE_IO(text) text
#define PHRASE_SLEEP(text) text
#define PHRASE_SYNC(text) text
#define PHRASE_DISK(text) text
#define PHRASE_PATH(text) text
#define PHRASE_NAME(text) text
#define PHRASE_PROCESS(text) text
#define PHRASE_STREAM(text) text
#define PHRASE_FILE_LOCK(text) text " (a wait for a file lock)"

static const struct kind {
    const char *name;
    const char *phrase;
    enum kiwi_call_group group;
} kinds[KIWI_CALL_LIMIT] = {
#define X(id, name, text, group) [id] = {text, PHRASE_##group(text), KIWI_GROUP_##group},
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

const char *call_kind_phrase(uint32_t kind)
{
    return known(kind) ? kinds[kind].phrase : "a call";
}

enum kiwi_call_group call_kind_group(uint32_t kind)
{
    return known(kind) ? kinds[kind].group : KIWI_GROUP_SYNC;
}

bool call_kind_has_descriptor(uint32_t kind)
{
    enum kiwi_call_group group = call_kind_group(kind);

    return group == KIWI_GROUP_IO || group == KIWI_GROUP_DISK || group == KIWI_GROUP_FILE_LOCK;
}

bool call_kind_is_cond_wait(uint32_t kind)
{
    return kind == KIWI_CALL_COND_WAIT || kind == KIWI_CALL_COND_TIMEDWAIT || kind == KIWI_CALL_COND_CLOCKWAIT;
}

bool call_kind_is_wake_up(uint32_t kind)
{
    return call_kind_is_cond_wait(kind) || kind == KIWI_CALL_SEM_WAIT || kind == KIWI_CALL_SEM_TIMEDWAIT ||
           kind == KIWI_CALL_SEM_CLOCKWAIT;
}
