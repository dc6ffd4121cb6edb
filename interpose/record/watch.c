#include "watch.h"

#include "../base/sys.h"

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

void watch_changed(int epoll, int operation, int fd)
{
    struct kiwi_descriptor *e = descriptor_row(epoll);
    if (operation == EPOLL_CTL_MOD || !e || RELAXED_LOAD(&e->state) != KIWI_ROW_LIVE ||
        e->kind != KIWI_DESCRIPTOR_EPOLL)
        return;
    enum watched kind = kind_of(fd);
    uint16_t *count = kind == CONNECTION ? &e->exchanges : &e->asked, now = RELAXED_LOAD(count);
    if (kind != WAKE_UP && (operation == EPOLL_CTL_ADD ? now < UINT16_MAX : now > 0))
        RELAXED_ADD(count, operation == EPOLL_CTL_ADD ? 1 : -1);
}

uint32_t watch_serves(enum kiwi_call_kind kind, uint64_t object, uint64_t source)
{
    bool one = false;
    if (kind == KIWI_CALL_POLL || kind == KIWI_CALL_PPOLL) {
        one = object == 1 && source < MEMORY_DESCRIPTORS && kind_of((int)source) == CONNECTION;
    } else if (kind != KIWI_CALL_SELECT && kind != KIWI_CALL_PSELECT &&
               descriptor_is((int)object, KIWI_DESCRIPTOR_EPOLL)) {
        const struct kiwi_descriptor *e = descriptor_row((int)object);
        one = RELAXED_LOAD(&e->exchanges) == 1 && !RELAXED_LOAD(&e->asked);
    }
    return one ? KIWI_LOOP_CLIENT : KIWI_LOOP_SEVERAL;
}
