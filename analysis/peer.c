#include "peer.h"

#include "place.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* false if the family is not one of a network. */
static bool internet_text(uint16_t family, const uint8_t *bytes, uint16_t port, char *text, size_t size)
{
    char address[INET6_ADDRSTRLEN] = "";

    if ((family != AF_INET && family != AF_INET6) || !inet_ntop(family, bytes, address, sizeof address))
        return false;
    snprintf(text, size, family == AF_INET ? "%s:%u" : "[%s]:%u", address, port);
    return true;
}

const char *peer_text(const struct trace *t, uint32_t peer, char *text, size_t size)
{
    const struct kiwi_peer *p = trace_row(t, KIWI_TABLE_PEERS, peer);

    if (p && internet_text(p->family, p->address, p->port, text, size))
        return text;
    if (p && p->family == AF_UNIX && p->path)
        snprintf(text, size, "%s", trace_string(t, p->path));
    else
        snprintf(text, size, "an unknown peer");
    return text;
}

const char *peer_text_of(const struct trace *t, const struct kiwi_descriptor *d, char *text, size_t size)
{
    int32_t pid;

    text[0] = '\0';
    if (d->peer)
        return peer_text(t, d->peer, text, size);
    memcpy(&pid, d->from, sizeof pid);
    if (!internet_text(d->from_family, d->from, d->from_port, text, size) && d->from_family == AF_UNIX && pid > 0)
        snprintf(text, size, "pid %d", pid);
    return text;
}

uint64_t peer_hash(const struct trace *t, uint32_t peer)
{
    const struct kiwi_peer *p = trace_row(t, KIWI_TABLE_PEERS, peer);
    uint64_t hash = 0;

    if (!p)
        return 0;
    for (unsigned i = 0; i < KIWI_PEER_ADDRESS; i += sizeof(uint64_t)) {
        uint64_t word;

        memcpy(&word, p->address + i, sizeof word);
        hash = place_hash(hash, word);
    }
    return place_hash(hash, (uint64_t)p->family << 16 | p->port);
}
