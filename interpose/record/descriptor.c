#include "descriptor.h"

#include "../base/clock.h"
#include "../base/sys.h"
#include "shutdown.h"
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static bool is_regular_file(int fd)
{
    const struct kiwi_descriptor *d = descriptor_row(fd);
    struct stat about;
    if (d && RELAXED_LOAD(&d->state) == KIWI_ROW_LIVE && d->kind >= KIWI_DESCRIPTOR_PIPE &&
        d->kind < KIWI_DESCRIPTOR_OTHER)
        return false;
    return sys_failed(sys_call3(SYS_fstat, fd, (long)&about, 0)) || S_ISREG(about.st_mode);
}

/* It is open, so a call that was not seen has opened it since it was closed. */
static void seen_open(int fd)
{
    struct kiwi_descriptor *d = descriptor_row(fd);
    if (!d || RELAXED_LOAD(&d->state) != KIWI_ROW_ENDED)
        return;
    RELAXED_STORE(&d->state, KIWI_ROW_EMPTY);
}

/* Connections, not those between the threads of one process. And what may ask somebody over a network. */
static bool is_to_be_followed(int fd)
{
    const struct kiwi_descriptor *d = descriptor_row(fd);
    uint32_t flags = d ? RELAXED_LOAD(&d->flags) : 0;
    if (!d || RELAXED_LOAD(&d->state) != KIWI_ROW_LIVE || d->kind != KIWI_DESCRIPTOR_SOCKET)
        return false;
    if (flags & KIWI_DESCRIPTOR_DATAGRAM)
        return (flags & KIWI_DESCRIPTOR_INTERNET) && !(flags & KIWI_DESCRIPTOR_BOUND);
    return flags & (KIWI_DESCRIPTOR_DIALLED | KIWI_DESCRIPTOR_ACCEPTED);
}

static void mode_set(int fd, bool nonblocking)
{
    descriptor_flag(fd, KIWI_DESCRIPTOR_NONBLOCKING, nonblocking);
    uint32_t mode = nonblocking ? DESCRIPTOR_NONBLOCKING : DESCRIPTOR_BLOCKING;
    if (is_to_be_followed(fd))
        mode |= DESCRIPTOR_TRACKED;
    if (descriptor_is(fd, KIWI_DESCRIPTOR_SIGNAL))
        mode |= DESCRIPTOR_SIGNALS;
    RELAXED_STORE(&memory.descriptors[fd], (uint8_t)mode);
}

bool descriptor_ask(int fd)
{
    long flags = region.frozen ? -1 : sys_call3(SYS_fcntl, fd, F_GETFL, 0);
    if (sys_failed(flags))
        return false;
    if (RELAXED_LOAD(&memory.descriptors[fd]) == DESCRIPTOR_UNKNOWN)
        seen_open(fd);
    bool nonblocking = (flags & O_NONBLOCK) && !is_regular_file(fd);
    mode_set(fd, nonblocking);
    return nonblocking;
}

static struct kiwi_descriptor *row_make(int fd)
{
    if ((uint32_t)fd >= MEMORY_DESCRIPTORS || !memory.base || !region_reach(KIWI_TABLE_DESCRIPTORS, (uint32_t)fd + 1))
        return NULL;
    return region_descriptor((uint32_t)fd + 1);
}

/* Where the one before was closed stays: it tells what a later misuse of the number was meant for. */
static void row_fill(struct thread *t, struct kiwi_descriptor *d, enum kiwi_descriptor_kind kind, uint32_t flags,
                     uint32_t stack)
{
    if (RELAXED_LOAD(&d->watcher))
        watch_dropped((int)(d - region_descriptor(1)), d); /* its end was not seen */
    RELAXED_STORE(&d->state, KIWI_ROW_EMPTY);
    COMPILER_BARRIER();
    d->kind = (uint16_t)kind;
    d->flags = (uint16_t)flags;
    d->generation++;
    d->peer = 0;
    d->birth_stack = stack;
    d->birth_thread = t->row;
    d->birth_serial = t->serial;
    d->birth_ticks = t->loop.born = clock_ticks();
    d->dial_ticks = d->sent_ticks = 0;
    d->exchanges = d->asked = 0;
    d->asker = 0;
    d->from_family = 0;
    d->poller = 0;
}

void descriptor_born(struct thread *t, int fd, enum kiwi_descriptor_kind kind, uint32_t flags, uint32_t stack)
{
    struct kiwi_descriptor *d = row_make(fd);
    descriptor_forget(fd);
    if (!d)
        return;
    row_fill(t, d, kind, flags, stack);
    region_publish(&d->state, KIWI_ROW_LIVE);
}

#define REGULAR_SURE 8u    /* regular files in a row, before the next one is taken for one */
#define REGULAR_UNSEEN 15u /* of those, before it is looked at again */

static bool opens_regular(struct thread *t, int fd, uint32_t stack)
{
    if (t->regular_stack != stack || !stack) {
        t->regular_stack = stack;
        t->regular_count = 0;
    }
    if (t->regular_count >= REGULAR_SURE && t->regular_count < REGULAR_SURE + REGULAR_UNSEEN) {
        t->regular_count++;
        return true;
    }
    bool regular = is_regular_file(fd);
    t->regular_count = !regular ? 0 : t->regular_count < REGULAR_SURE ? t->regular_count + 1 : REGULAR_SURE;
    return regular;
}

static bool has_mode(int fd)
{
    return (uint32_t)fd < MEMORY_DESCRIPTORS && memory.base && !region.frozen;
}

void descriptor_accepted(struct thread *t, int fd, bool nonblocking, uint32_t stack)
{
    descriptor_born(t, fd, KIWI_DESCRIPTOR_SOCKET, KIWI_DESCRIPTOR_ACCEPTED, stack);
    if (has_mode(fd))
        mode_set(fd, nonblocking);
}

void descriptor_opened(struct thread *t, int fd, int open_flags, uint32_t stack)
{
    descriptor_born(t, fd, KIWI_DESCRIPTOR_FILE, 0, stack);
    if (has_mode(fd))
        mode_set(fd, (open_flags & O_NONBLOCK) && !opens_regular(t, fd, stack));
}

static bool is_same_connection(const struct kiwi_descriptor *a, const struct kiwi_descriptor *b)
{
    return RELAXED_LOAD(&b->state) == KIWI_ROW_LIVE && (RELAXED_LOAD(&b->flags) & KIWI_DESCRIPTOR_COPIED) &&
           a->peer == b->peer && a->dial_ticks == b->dial_ticks;
}

void descriptor_flag_all(int fd, uint32_t flag, bool set)
{
    const struct kiwi_descriptor *d = descriptor_row(fd), *other;
    descriptor_flag(fd, flag, set);
    if (!d || RELAXED_LOAD(&d->state) != KIWI_ROW_LIVE || !(RELAXED_LOAD(&d->flags) & KIWI_DESCRIPTOR_COPIED) ||
        !d->peer)
        return;
    for (int i = 0; (other = descriptor_row(i)); i++)
        if (i != fd && is_same_connection(d, other))
            descriptor_flag(i, flag, set);
}

void descriptor_copied(struct thread *t, int from, int to, uint32_t stack)
{
    struct kiwi_descriptor *source = descriptor_row(from);
    struct kiwi_descriptor *d = from == to ? NULL : row_make(to);
    descriptor_forget(to);
    if (!d)
        return;
    bool known = source && RELAXED_LOAD(&source->state) == KIWI_ROW_LIVE;
    descriptor_flag(from, KIWI_DESCRIPTOR_COPIED, true);
    row_fill(t, d, known ? source->kind : 0, known ? source->flags : 0, stack);
    if (known) {
        d->peer = source->peer;
        d->dial_ticks = source->dial_ticks;
        memcpy(d->from, source->from, sizeof d->from);
        d->from_port = source->from_port;
        d->from_family = source->from_family;
        watch_copied(source);
        watch_copied(d);
    }
    region_publish(&d->state, KIWI_ROW_LIVE);
}

static void row_end(const struct thread *t, struct kiwi_descriptor *d, uint32_t stack)
{
    if (RELAXED_LOAD(&d->watcher))
        watch_dropped((int)(d - region_descriptor(1)), d);
    d->end_stack = stack;
    d->end_thread = t->row;
    d->end_serial = t->serial;
    d->end_ticks = clock_ticks();
    region_publish(&d->state, KIWI_ROW_ENDED);
}

void descriptor_close_begin(struct thread *t, struct descriptor_closing *c, int fd, uint32_t stack)
{
    struct kiwi_descriptor *d = descriptor_row(fd);
    uint32_t state = d ? RELAXED_LOAD(&d->state) : KIWI_ROW_EMPTY;
    *c = (struct descriptor_closing){fd, stack, state == KIWI_ROW_ENDED, state == KIWI_ROW_EMPTY};
    descriptor_forget(fd);
    if (!d || state == KIWI_ROW_ENDED)
        return;
    if (state == KIWI_ROW_LIVE && (RELAXED_LOAD(&d->flags) & KIWI_DESCRIPTOR_LISTENING))
        shutdown_closes();
    if (state == KIWI_ROW_EMPTY)
        d->birth_stack = d->birth_thread = 0;
    row_end(t, d, stack);
}

#define SWEEP_LEAST 4u

/* Daemons close all numbers that there may be: one after the other, at one place, most of them never open. */
static bool is_sweep(struct thread *t, const struct descriptor_closing *c, bool nothing, uintptr_t site)
{
    bool next = t->closed_at == site && (c->fd == t->closed + 1 || c->fd == t->closed - 1);
    t->sweep = next ? t->sweep + 1 : 0;
    t->sweep_unknown = (next && t->sweep_unknown) || nothing;
    t->closed = c->fd;
    t->closed_at = site;
    return t->sweep >= SWEEP_LEAST && t->sweep_unknown;
}

void descriptor_close_end(struct thread *t, const struct descriptor_closing *c, int error, uintptr_t site)
{
    struct kiwi_descriptor *d = descriptor_row(c->fd);
    bool nothing = error == EBADF && c->unknown;
    if (nothing && d)
        RELAXED_STORE(&d->state, KIWI_ROW_EMPTY); /* there was nothing to close */
    if (is_sweep(t, c, nothing, site))
        failure_is_sweep(t, c->stack);
    else if (error == EBADF && c->was_closed)
        descriptor_misused(
                t, &(struct failure_facts){
                           .kind = KIWI_CALL_CLOSE, .stack = c->stack, .error = error, .descriptor = (uint32_t)c->fd});
    else if (!error && c->was_closed && d && RELAXED_LOAD(&d->state) == KIWI_ROW_ENDED)
        row_end(t, d, c->stack); /* an unseen call had opened it again */
}

void descriptor_close_range(struct thread *t, uint32_t first, uint32_t last, uint32_t stack)
{
    uint32_t end = memory.base ? region_ready_rows(KIWI_TABLE_DESCRIPTORS) : 0;
    descriptor_forget_range(first, last);
    for (uint64_t fd = first; fd <= last && fd + 1 < end; fd++) {
        struct kiwi_descriptor *d = descriptor_row((int)fd);
        if (d && RELAXED_LOAD(&d->state) == KIWI_ROW_LIVE)
            row_end(t, d, stack);
    }
}

void descriptor_misused(struct thread *t, const struct failure_facts *facts)
{
    const struct kiwi_descriptor *d = descriptor_row((int)facts->descriptor);
    if (!d || RELAXED_LOAD(&d->state) != KIWI_ROW_ENDED)
        return;
    failure_bad_descriptor(t, facts,
                           &(struct descriptor_past){d->end_stack, d->end_thread, d->end_serial, d->birth_stack,
                                                     d->birth_thread, d->birth_serial});
}
