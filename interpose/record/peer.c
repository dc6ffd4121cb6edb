#include "peer.h"

#include "../base/clock.h"
#include "../base/sys.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

struct peer_key {
    uint16_t family, port;
    uint32_t stack;
    uint8_t address[KIWI_PEER_ADDRESS];
    const char *path; /* not terminated */
    size_t path_length;
};

static bool peer_same(uint32_t row, const void *key)
{
    const struct peer_key *k = key;
    const struct kiwi_peer *p = region_peer(row);
    return p->stack == k->stack && p->family == k->family && p->port == k->port &&
           !memcmp(p->address, k->address, sizeof k->address);
}

static uint32_t peer_make(const void *key)
{
    const struct peer_key *k = key;
    uint32_t row = region_claim(KIWI_TABLE_PEERS, 1);
    if (!row)
        return 0;
    struct kiwi_peer *p = region_peer(row);
    p->family = k->family;
    p->port = k->port;
    p->stack = k->stack;
    memcpy(p->address, k->address, sizeof p->address);
    p->path = region_string(k->path, k->path_length);
    p->first_ticks = clock_ticks();
    return row;
}

static void peer_publish(uint32_t row)
{
    region_publish(&region_peer(row)->state, KIWI_ROW_LIVE);
}

static uint64_t hash_bytes(const void *bytes, size_t length)
{
    uint64_t h = length;
    for (size_t i = 0; i < length; i++)
        h = hash_mix(h ^ ((const uint8_t *)bytes)[i]);
    return h;
}

/* An abstract name begins with a NUL and has its length; it is shown with an @ in its place, as ss and lsof do. */
static void unix_key(struct peer_key *k, const struct sockaddr_un *a, size_t length, char *text)
{
    size_t room = length - offsetof(struct sockaddr_un, sun_path), n = 0;
    if (room > sizeof a->sun_path)
        room = sizeof a->sun_path;
    bool abstract = room && !a->sun_path[0];
    while (n < room && (abstract || a->sun_path[n])) {
        text[n] = a->sun_path[n] ? a->sun_path[n] : '@';
        n++;
    }
    uint64_t h = hash_bytes(text, n);
    memcpy(k->address, &h, sizeof h);
    k->path = text;
    k->path_length = n;
}

/* Address and port of a network. The rest of `to` is left as it was. */
static bool internet_address(uint8_t *to, uint16_t *port, const struct sockaddr *address, socklen_t length)
{
    const struct sockaddr_in *v4 = (const void *)address;
    const struct sockaddr_in6 *v6 = (const void *)address;
    if (address->sa_family == AF_INET && length >= sizeof *v4) {
        *port = __builtin_bswap16(v4->sin_port);
        memcpy(to, &v4->sin_addr, sizeof v4->sin_addr);
    } else if (address->sa_family == AF_INET6 && length >= sizeof *v6) {
        *port = __builtin_bswap16(v6->sin6_port);
        memcpy(to, &v6->sin6_addr, sizeof v6->sin6_addr);
    } else {
        return false;
    }
    return true;
}

/* The real call has read the address, so it can be read. */
static bool key_of(struct peer_key *k, const struct peer_dial *dial, char *text)
{
    *k = (struct peer_key){.stack = dial->stack, .family = dial->address->sa_family};
    if (k->family == AF_UNIX && dial->length > offsetof(struct sockaddr_un, sun_path)) {
        unix_key(k, (const void *)dial->address, dial->length, text);
        return true;
    }
    return internet_address(k->address, &k->port, dial->address, dial->length);
}

static bool address_was_read(const struct peer_dial *dial)
{
    return dial->address && dial->length >= sizeof dial->address->sa_family && dial->error != EFAULT &&
           dial->error != EBADF && dial->error != ENOTSOCK && dial->error != EINVAL && dial->error != EAFNOSUPPORT;
}

static uint32_t peer_get(const struct peer_dial *dial)
{
    static const struct index_ops ops = {peer_same, peer_make, peer_publish};
    char text[sizeof((struct sockaddr_un *)0)->sun_path];
    struct peer_key key;
    if (!address_was_read(dial) || !key_of(&key, dial, text))
        return 0;
    uint64_t h = hash_bytes(key.address, sizeof key.address) ^ hash_mix((uint64_t)key.stack << 32 | key.port);
    return index_get(&memory.peers, h, &ops, &key);
}

static bool keeps_messages_apart(int fd, const struct kiwi_descriptor *d)
{
    if (d && RELAXED_LOAD(&d->state) == KIWI_ROW_LIVE && d->kind == KIWI_DESCRIPTOR_SOCKET)
        return d->flags & KIWI_DESCRIPTOR_DATAGRAM;
    int type = 0;
    socklen_t size = sizeof type;
    return region.frozen ||
           sys_failed(sys_call6(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, (long)&type, (long)&size, 0)) ||
           type != SOCK_STREAM;
}

static void note_connected(struct kiwi_peer *p, uint64_t now)
{
    uint64_t window = now / (clock_state.ticks_per_second / KIWI_CLASS_WINDOWS_PER_SECOND);
    RELAXED_ADD(&p->connected, 1);
    RELAXED_STORE(&p->last_ticks, now);
    if (RELAXED_LOAD(&p->window) != window) {
        RELAXED_STORE(&p->window, window);
        RELAXED_STORE(&p->window_dials, 0);
    }
    uint32_t dials = RELAXED_ADD(&p->window_dials, 1) + 1;
    if (dials == KIWI_PEER_BUSY) {
        RELAXED_ADD(&p->busy_windows, 1);
        RELAXED_ADD(&p->busy_dials, KIWI_PEER_BUSY);
    } else if (dials > KIWI_PEER_BUSY) {
        RELAXED_ADD(&p->busy_dials, 1);
    }
}

static void note_failed(struct thread *t, uint32_t peer, int fd, uint64_t begin, int error)
{
    struct kiwi_peer *p = region_peer(peer);
    RELAXED_ADD(&p->failed, 1);
    failure_note(t, &(struct failure_facts){.kind = KIWI_CALL_CONNECT,
                                            .stack = p->stack,
                                            .error = error,
                                            .call_row = peer,
                                            .peer = peer,
                                            .descriptor = (uint32_t)fd,
                                            .begin = begin});
}

/* The process at the other end of an AF_UNIX socket: that called listen, or connect. 0 = of another container; -1 = not
 * known. */
static int32_t process_behind(int fd)
{
    struct ucred who = {0};
    socklen_t size = sizeof who;
    bool known = !region.frozen &&
                 !sys_failed(sys_call6(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, (long)&who, (long)&size, 0));
    return known ? who.pid : -1;
}

static bool is_outside(int fd)
{
    int32_t pid = process_behind(fd);
    return pid >= 0 && pid != sys_getpid();
}

/* The same service by its address of the other family, dialled at one place: a name that has two. */
static bool is_other_family(uint32_t row, uint32_t other)
{
    const struct kiwi_peer *a = region_peer(row), *b = region_peer(other);
    return a->stack == b->stack && a->port == b->port && a->family != b->family && a->family != AF_UNIX &&
           b->family != AF_UNIX;
}

/* Nor was a failure at the one address tried again, if the other one is what the client went on with. */
static void note_success(struct thread *t, uint32_t peer)
{
    failure_success(t, peer, KIWI_CALL_CONNECT);
    for (uint32_t i = 0; i < THREAD_STREAKS; i++) {
        const struct thread_streak *s = &t->streaks[i];
        if (s->row && s->kind == KIWI_CALL_CONNECT && is_other_family(s->call_row, peer))
            failure_success(t, s->call_row, KIWI_CALL_CONNECT);
    }
}

static void settle(struct thread *t, int fd, struct kiwi_descriptor *d, uint32_t peer, uint64_t begin, int error)
{
    if (d) {
        descriptor_flag(fd, KIWI_DESCRIPTOR_DIALLED, !error);
        descriptor_flag(fd, KIWI_DESCRIPTOR_PENDING, false);
    }
    if (error) {
        note_failed(t, peer, fd, begin, error);
        return;
    }
    descriptor_forget(fd); /* from now on it is followed */
    if (region_peer(peer)->family == AF_UNIX)
        descriptor_flag(fd, KIWI_DESCRIPTOR_OUTSIDE, is_outside(fd));
    note_connected(region_peer(peer), clock_ticks());
    if (t->streak_count)
        note_success(t, peer);
}

/* EALREADY, EISCONN: connect called again, to ask what the first one came to. */
static bool is_second_call(const struct kiwi_descriptor *d, int error)
{
    return error == EALREADY || (error == EISCONN && !(d && (d->flags & KIWI_DESCRIPTOR_PENDING)));
}

void peer_dialled(struct thread *t, int fd, const struct peer_dial *dial)
{
    struct kiwi_descriptor *d = descriptor_row(fd);
    if (is_second_call(d, dial->error) || keeps_messages_apart(fd, d))
        return;
    if (d && RELAXED_LOAD(&d->state) != KIWI_ROW_LIVE)
        d = NULL;
    if (d && (d->flags & KIWI_DESCRIPTOR_PENDING)) {
        peer_answered(t, fd, dial->error == EISCONN ? 0 : dial->error);
        return;
    }
    uint32_t peer = peer_get(dial);
    if (!peer)
        return;
    RELAXED_ADD(&region_peer(peer)->dials, 1);
    if (d) {
        d->peer = peer;
        d->dial_ticks = dial->begin ? dial->begin : clock_ticks();
    }
    if (dial->error != EINPROGRESS && dial->error != EAGAIN && dial->error != EINTR)
        settle(t, fd, d, peer, dial->begin, dial->error);
    else if (d && dial->error != EAGAIN)
        descriptor_flag(fd, KIWI_DESCRIPTOR_DIALLED | KIWI_DESCRIPTOR_PENDING, true);
}

void peer_answered(struct thread *t, int fd, int error)
{
    struct kiwi_descriptor *d = descriptor_row(fd);
    if (d && RELAXED_LOAD(&d->state) == KIWI_ROW_LIVE && (d->flags & KIWI_DESCRIPTOR_PENDING) && d->peer)
        settle(t, fd, d, d->peer, d->dial_ticks, error);
}

static bool ask_other_end(int fd, struct sockaddr_storage *peer, socklen_t *size)
{
    *size = sizeof *peer;
    return !region.frozen && !sys_failed(sys_call3(SYS_getpeername, fd, (long)peer, (long)size));
}

static bool is_connected(int fd)
{
    struct sockaddr_storage peer;
    socklen_t size;
    return ask_other_end(fd, &peer, &size);
}

#define ASK_GAP_NS 50000u /* on average, for a server that takes clients without a pause, */
#define ASK_BURST 1024u   /* after the first ones, or those that come after a while */

/* A question is a hundredth of what a connection costs, of AF_UNIX more. */
static bool may_ask(struct thread *t, uint64_t now)
{
    uint64_t gap = clock_ns_to_ticks(ASK_GAP_NS), room = gap * ASK_BURST;
    uint64_t from = now > room && t->asked_from < now - room ? now - room : t->asked_from;
    if (from > now)
        return false;
    t->asked_from = from + gap;
    return true;
}

/* The buffer of the service's own call is not looked at: many give none, and how much room it had only they know. */
void peer_accepted(struct thread *t, int fd)
{
    struct kiwi_descriptor *d = descriptor_row(fd);
    struct sockaddr_storage peer;
    socklen_t size;
    if (!d || RELAXED_LOAD(&d->state) != KIWI_ROW_LIVE || !may_ask(t, d->birth_ticks) ||
        !ask_other_end(fd, &peer, &size))
        return;
    memset(d->from, 0, sizeof d->from);
    d->from_port = 0;
    bool known = false;
    if (peer.ss_family == AF_UNIX) {
        int32_t pid = process_behind(fd);
        memcpy(d->from, &pid, sizeof pid);
        known = pid > 0;
    } else {
        known = internet_address(d->from, &d->from_port, (const struct sockaddr *)&peer, size);
    }
    RELAXED_STORE(&d->from_family, known ? peer.ss_family : 0);
}

/* Nobody asked what the connect came to: it is seen now. */
void peer_closing(int fd)
{
    struct kiwi_descriptor *d = descriptor_row(fd);
    if (!d || RELAXED_LOAD(&d->state) != KIWI_ROW_LIVE || !d->peer || !(d->flags & KIWI_DESCRIPTOR_DIALLED))
        return;
    struct kiwi_peer *p = region_peer(d->peer);
    uint64_t now = clock_ticks();
    if (d->flags & KIWI_DESCRIPTOR_PENDING) {
        if (!is_connected(fd))
            return;
        note_connected(p, now);
    }
    RELAXED_ADD(&p->closed, 1);
    if (now - d->dial_ticks < clock_ns_to_ticks(KIWI_PEER_BRIEF_NS))
        RELAXED_ADD(&p->brief, 1);
}
