#include "descriptor_use.h"

#include "peer.h"

#include <stdio.h>
#include <stdlib.h>

const char *descriptor_kind_word(uint32_t kind)
{
    static const char *const words[] = {
#define X(id, name, text) [id] = (text),
            KIWI_DESCRIPTOR_KINDS(X)
#undef X
    };

    return kind < sizeof words / sizeof *words && words[kind] ? words[kind] : "descriptor";
}

const char *descriptor_use_kind(const struct descriptor_use *use)
{
    return descriptor_kind_word(use->row->kind);
}

static const struct flag {
    uint32_t flag;
    const char *word;
} flags[] = {
        {KIWI_DESCRIPTOR_LISTENING, "listening"},
        {KIWI_DESCRIPTOR_ACCEPTED, "accepted"},
        {KIWI_DESCRIPTOR_DIALLED, "dialled"},
        {KIWI_DESCRIPTOR_PENDING, "connecting"},
        {KIWI_DESCRIPTOR_INTERNET, "internet"},
        {KIWI_DESCRIPTOR_DATAGRAM, "datagrams"},
        {KIWI_DESCRIPTOR_NONBLOCKING, "non-blocking"},
        {KIWI_DESCRIPTOR_OUTSIDE, "to another process"},
        {KIWI_DESCRIPTOR_BOUND, "bound"},
        {KIWI_DESCRIPTOR_RCVTIMEO, "receive timeout"},
        {KIWI_DESCRIPTOR_SNDTIMEO, "send timeout"},
        {KIWI_DESCRIPTOR_USERTIMEO, "TCP timeout"},
        {KIWI_DESCRIPTOR_PROBED, "keep-alive"},
};
#define FLAGS (sizeof flags / sizeof *flags)

const char *descriptor_use_flag(uint32_t flag)
{
    for (size_t i = 0; i < FLAGS; i++)
        if (flags[i].flag == flag)
            return flags[i].word;
    return NULL;
}

const char *descriptor_use_flags(const struct descriptor_use *use, char *text, size_t size)
{
    size_t length = 0;

    text[0] = '\0';
    for (size_t i = 0; i < FLAGS && length < size; i++)
        if (use->row->flags & flags[i].flag)
            length += (size_t)snprintf(text + length, size - length, "%s%s", length ? ", " : "", flags[i].word);
    return text;
}

const char *descriptor_use_peer(const struct descriptor_uses *u, const struct descriptor_use *use, char *text,
                                size_t size)
{
    return peer_text_of(u->m->trace, use->row, text, size);
}

const struct kiwi_descriptor *descriptor_now(const struct trace *t, int64_t number)
{
    const struct kiwi_descriptor *d =
            number >= 0 && number < UINT32_MAX ? trace_descriptor(t, (uint32_t)number + 1) : NULL;

    return d && d->state == KIWI_ROW_LIVE ? d : NULL;
}

/* A misuse tells of the end that it came after, so that of an earlier owner of the number is not taken for it. */
static const struct kiwi_failure *misuse_of(const struct trace *t, uint32_t number, const struct kiwi_descriptor *d)
{
    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_FAILURES); i++) {
        const struct kiwi_failure *f = trace_failure(t, i);

        if (f && (f->flags & KIWI_FAILURE_BAD_DESCRIPTOR) && !(f->flags & KIWI_FAILURE_SWEEP) &&
            f->descriptor == number && f->other_stack == d->end_stack)
            return f;
    }
    return NULL;
}

static uint32_t thread_of(const struct trace *t, uint32_t thread, uint32_t serial)
{
    const struct kiwi_thread *row = trace_thread(t, thread);

    return row && row->serial == serial ? thread : 0;
}

static struct descriptor_use make_use(const struct trace *t, uint32_t number, const struct kiwi_descriptor *d)
{
    bool open = d->state == KIWI_ROW_LIVE;

    return (struct descriptor_use){.number = number,
                                   .open = open,
                                   .row = d,
                                   .born_ticks = d->birth_stack ? d->birth_ticks : 0,
                                   .birth_thread = thread_of(t, d->birth_thread, d->birth_serial),
                                   .end_thread = open ? 0 : thread_of(t, d->end_thread, d->end_serial),
                                   .misuse = open ? NULL : misuse_of(t, number, d)};
}

static void add_closed(struct descriptor_uses *u, uint32_t rows)
{
    const struct trace *t = u->m->trace;

    for (uint32_t i = 1; i < rows; i++) {
        const struct kiwi_descriptor *d = trace_descriptor(t, i);

        if (!d || d->state != KIWI_ROW_ENDED)
            continue;
        u->closed++;
        u->items[u->count] = make_use(t, i - 1, d);
        u->count += u->items[u->count].misuse != NULL;
    }
}

struct descriptor_uses *descriptor_uses_open(struct model *m)
{
    struct descriptor_uses *u = calloc(1, sizeof *u);
    uint32_t rows = trace_rows(m->trace, KIWI_TABLE_DESCRIPTORS);

    if (!u || !(u->items = calloc((size_t)rows + 1, sizeof *u->items))) {
        free(u);
        return NULL;
    }
    u->m = m;
    for (uint32_t i = 1; i < rows; i++) {
        const struct kiwi_descriptor *d = descriptor_now(m->trace, i - 1);

        if (d)
            u->items[u->count++] = make_use(m->trace, i - 1, d);
    }
    u->open = u->count;
    add_closed(u, rows);
    return u;
}

void descriptor_uses_close(struct descriptor_uses *u)
{
    if (!u)
        return;
    free(u->items);
    free(u);
}
