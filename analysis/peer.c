#include "peer.h"

#include "place.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

const char *peer_text(const struct trace *t, uint32_t peer, char *text, size_t size)
{
    const struct kiwi_peer *p = trace_row(t, KIWI_TABLE_PEERS, peer);
    char address[INET6_ADDRSTRLEN] = "";

    if (p && p->family == AF_INET && inet_ntop(AF_INET, p->address, address, sizeof address))
        snprintf(text, size, "%s:%u", address, p->port);
    else if (p && p->family == AF_INET6 && inet_ntop(AF_INET6, p->address, address, sizeof address))
        snprintf(text, size, "[%s]:%u", address, p->port);
    else if (p && p->family == AF_UNIX && p->path)
        snprintf(text, size, "%s", trace_string(t, p->path));
    else
        snprintf(text, size, "an unknown peer");
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
