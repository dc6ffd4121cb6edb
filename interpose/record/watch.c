#include "watch.h"

#include "../base/sys.h"
#include "await.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum watched { CONNECTION, WAKE_UP, OTHER };

static int socket_option(int fd, int option)
{
    int value = 0;
    socklen_t size = sizeof value;
    long result = sys_call6(SYS_getsockopt, fd, SOL_SOCKET, option, (long)&value, (long)&size, 0);
    return sys_failed(result) ? -1 : value;
}

/* One that was there before this process recorded, most often. */
static enum watched ask(int fd)
{
    struct stat about;
    if (region.frozen || sys_failed(sys_call3(SYS_fstat, fd, (long)&about, 0)))
        return OTHER;
    if (S_ISSOCK(about.st_mode))
        return socket_option(fd, SO_TYPE) == SOCK_STREAM && socket_option(fd, SO_ACCEPTCONN) == 0 ? CONNECTION : OTHER;
    return S_ISFIFO(about.st_mode) ? WAKE_UP : OTHER;
}

static enum watched kind_of(int fd)
{
    const struct kiwi_descriptor *d = descriptor_row(fd);
    if (!d || RELAXED_LOAD(&d->state) != KIWI_ROW_LIVE || !d->kind)
        return ask(fd);
    if (d->kind == KIWI_DESCRIPTOR_SOCKET)
        return RELAXED_LOAD(&d->flags) & (KIWI_DESCRIPTOR_LISTENING | KIWI_DESCRIPTOR_DATAGRAM) ? OTHER : CONNECTION;
    return d->kind == KIWI_DESCRIPTOR_EVENT || d->kind == KIWI_DESCRIPTOR_SIGNAL || d->kind == KIWI_DESCRIPTOR_PIPE
                   ? WAKE_UP
                   : OTHER;
}

static void count(struct kiwi_descriptor *e, enum watched kind, bool more)
{
    uint16_t *counter = kind == CONNECTION ? &e->exchanges : &e->asked, now = RELAXED_LOAD(counter);
    if (kind != WAKE_UP && (more ? now < UINT16_MAX : now > 0))
        RELAXED_ADD(counter, more ? 1 : -1);
}

static void note_watcher(int fd, uint32_t watcher, uint32_t generation, bool more)
{
    struct kiwi_descriptor *d = descriptor_row(fd);
    uint32_t now = d ? RELAXED_LOAD(&d->watcher) : 0;
    if (!d || RELAXED_LOAD(&d->state) != KIWI_ROW_LIVE)
        return;
    if (more && !now)
        RELAXED_STORE(&d->watcher_generation, generation);
    bool same = now == watcher && d->watcher_generation == generation;
    if (more)
        RELAXED_STORE(&d->watcher, !now || same ? watcher : KIWI_WATCHER_MANY);
    else if (same)
        RELAXED_STORE(&d->watcher, 0);
}

void watch_changed(int epoll, int operation, int fd)
{
    struct kiwi_descriptor *e = descriptor_row(epoll);
    if (operation == EPOLL_CTL_MOD || !e || RELAXED_LOAD(&e->state) != KIWI_ROW_LIVE ||
        e->kind != KIWI_DESCRIPTOR_EPOLL)
        return;
    count(e, kind_of(fd), operation == EPOLL_CTL_ADD);
    note_watcher(fd, (uint32_t)epoll + 1, e->generation, operation == EPOLL_CTL_ADD);
}

void watch_dropped(int fd, struct kiwi_descriptor *d)
{
    uint32_t watcher = RELAXED_LOAD(&d->watcher);
    struct kiwi_descriptor *e = watcher && watcher != KIWI_WATCHER_MANY ? descriptor_row((int)watcher - 1) : NULL;
    RELAXED_STORE(&d->watcher, 0);
    if (!e || RELAXED_LOAD(&e->state) != KIWI_ROW_LIVE || e->generation != d->watcher_generation)
        return;
    count(e, kind_of(fd), false);
    await_watched((int)watcher - 1, EPOLL_CTL_DEL, fd);
}

static bool is_epoll(enum kiwi_call_kind kind)
{
    return kind == KIWI_CALL_EPOLL_WAIT || kind == KIWI_CALL_EPOLL_PWAIT || kind == KIWI_CALL_EPOLL_PWAIT2;
}

static struct kiwi_descriptor *epoll_of(enum kiwi_call_kind kind, uint64_t object)
{
    return is_epoll(kind) && descriptor_is((int)object, KIWI_DESCRIPTOR_EPOLL) ? descriptor_row((int)object) : NULL;
}

void watch_polled(enum kiwi_call_kind kind, uint64_t object, uint32_t serial)
{
    struct kiwi_descriptor *e = epoll_of(kind, object);
    uint32_t now = e ? RELAXED_LOAD(&e->poller) : serial;
    if (now != serial && now != KIWI_POLLER_MANY)
        RELAXED_STORE(&e->poller, now ? KIWI_POLLER_MANY : serial);
}

bool watch_is_shared(enum kiwi_call_kind kind, uint64_t object)
{
    const struct kiwi_descriptor *e = epoll_of(kind, object);
    return e && RELAXED_LOAD(&e->poller) == KIWI_POLLER_MANY;
}

bool watch_is_covered(const struct thread *t, enum kiwi_call_kind kind, uint64_t object)
{
    if (!watch_is_shared(kind, object))
        return false;
    for (uint32_t i = 1; i < memory.slots; i++) {
        const struct kiwi_slot *s = region_slot(i);
        if (RELAXED_LOAD(&memory.slot_used[i]) && s != t->slot && is_epoll(RELAXED_LOAD(&s->call_kind)) &&
            RELAXED_LOAD(&s->call_object) == object)
            return true;
    }
    return false;
}

uint32_t watch_serves(enum kiwi_call_kind kind, uint64_t object, uint64_t source)
{
    if (kind == KIWI_CALL_POLL || kind == KIWI_CALL_PPOLL) {
        bool client = source < MEMORY_DESCRIPTORS && kind_of((int)source) == CONNECTION;
        return object != 1 ? KIWI_LOOP_SEVERAL : client ? KIWI_LOOP_CLIENT : KIWI_LOOP_ALONE;
    }
    const struct kiwi_descriptor *e = epoll_of(kind, object);
    if (!e)
        return KIWI_LOOP_SEVERAL;
    return RELAXED_LOAD(&e->exchanges) == 1 && !RELAXED_LOAD(&e->asked) ? KIWI_LOOP_CLIENT : KIWI_LOOP_SEVERAL;
}
