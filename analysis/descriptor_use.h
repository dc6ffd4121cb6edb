/*
 * descriptor_use.h - the descriptors of a process at the moment of its trace, and those that were used after their end.
 *
 *     struct descriptor_uses *u = descriptor_uses_open(m);
 *     for (uint32_t i = 0; i < u->count; i++)
 *         use(&u->items[i]);
 *     descriptor_uses_close(u);
 *
 * A number of which nothing was seen, or that an unseen call has opened again, is not among them.
 */
#ifndef KIWI_DESCRIPTOR_USE_H
#define KIWI_DESCRIPTOR_USE_H

#include "model.h"

struct descriptor_use {
    uint32_t number;
    bool open;
    const struct kiwi_descriptor *row;
    uint64_t born_ticks;               /* 0 = its opening was not seen */
    uint32_t birth_thread, end_thread; /* rows, 0 = not known, or gone */
    const struct kiwi_failure *misuse; /* of a closed one: a use after its end; NULL = none */
};

struct descriptor_uses {
    struct model *m;
    struct descriptor_use *items; /* the open ones by number, then the closed ones with a misuse */
    uint32_t count;
    uint32_t open, closed; /* numbers in all; closed: with or without a misuse */
};

struct descriptor_uses *descriptor_uses_open(struct model *m); /* NULL when out of memory */
void descriptor_uses_close(struct descriptor_uses *u);

const char *descriptor_kind_word(uint32_t kind); /* "socket"; "descriptor" if it is not known */
const char *descriptor_use_kind(const struct descriptor_use *use);
const char *
descriptor_use_flag(uint32_t flag); /* of KIWI_DESCRIPTOR_*: "non-blocking"; NULL for one that is not known */
#define DESCRIPTOR_FLAGS_SIZE 192   /* room for all words */
/* "listening, non-blocking, receive timeout"; "" for none. Returns text. */
const char *descriptor_use_flags(const struct descriptor_use *use, char *text, size_t size);
/* "10.0.0.7:5432", who was dialled or connected; "" if that is not known. Returns text. */
const char *descriptor_use_peer(const struct descriptor_uses *u, const struct descriptor_use *use, char *text,
                                size_t size);

/* The row of an open number, NULL = nothing is known of it. */
const struct kiwi_descriptor *descriptor_now(const struct trace *t, int64_t number);
#endif
