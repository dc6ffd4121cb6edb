#include "exports.h"

#include <elf.h>
#include <link.h>
#include <string.h>

/* What a module's dynamic section says about its names. */
struct names {
    const ElfW(Sym) * symbols;
    const char *texts;
    const uint32_t *gnu_hash, *hash;
};

/* The loader has made addresses of these, but not in the module that the kernel brings (vdso). */
static const void *place_of(const struct link_map *module, const ElfW(Dyn) * entry)
{
    uintptr_t at = entry->d_un.d_ptr < module->l_addr ? module->l_addr + entry->d_un.d_ptr : entry->d_un.d_ptr;
    return (const void *)at;
}

static struct names names_of(const struct link_map *module)
{
    struct names n = {0};
    for (const ElfW(Dyn) *d = module->l_ld; d && d->d_tag != DT_NULL; d++) {
        if (d->d_tag == DT_SYMTAB)
            n.symbols = place_of(module, d);
        else if (d->d_tag == DT_STRTAB)
            n.texts = place_of(module, d);
        else if (d->d_tag == DT_GNU_HASH)
            n.gnu_hash = place_of(module, d);
        else if (d->d_tag == DT_HASH)
            n.hash = place_of(module, d);
    }
    return n;
}

static bool defines(const struct names *n, uint32_t symbol, const char *name)
{
    const ElfW(Sym) *s = &n->symbols[symbol];
    return s->st_shndx != SHN_UNDEF && strcmp(n->texts + s->st_name, name) == 0;
}

/* DT_GNU_HASH: number of buckets, first symbol in them, size of the filter and a shift; the filter, in words of 64
 * bits; for each bucket its first symbol; for each symbol its hash, of which the lowest bit ends the bucket. */
static bool in_gnu_hash(const struct names *n, const char *name)
{
    const uint32_t *table = n->gnu_hash, buckets = table[0], first = table[1], filter = table[2];
    const uint32_t *bucket = table + 4 + 2 * filter, *hashes = bucket + buckets;
    uint32_t hash = 5381;
    for (const unsigned char *c = (const unsigned char *)name; *c; c++)
        hash = hash * 33 + *c;
    uint32_t symbol = buckets ? bucket[hash % buckets] : 0;
    if (symbol < first)
        return false;
    for (;; symbol++) {
        uint32_t other = hashes[symbol - first];
        if ((other | 1) == (hash | 1) && defines(n, symbol, name))
            return true;
        if (other & 1)
            return false;
    }
}

/* DT_HASH: number of buckets, of symbols; first symbol of each bucket; the next symbol after each. */
static bool in_hash(const struct names *n, const char *name)
{
    const uint32_t *table = n->hash, buckets = table[0];
    const uint32_t *bucket = table + 2, *next = bucket + buckets;
    uint32_t hash = 0;
    for (const unsigned char *c = (const unsigned char *)name; *c; c++) {
        hash = (hash << 4) + *c;
        hash = (hash ^ (hash >> 24 & 0xf0)) & 0x0fffffff;
    }
    for (uint32_t symbol = buckets ? bucket[hash % buckets] : STN_UNDEF; symbol != STN_UNDEF; symbol = next[symbol])
        if (defines(n, symbol, name))
            return true;
    return false;
}

static bool module_has(const struct link_map *module, const char *name)
{
    struct names n = names_of(module);
    if (!n.symbols || !n.texts)
        return false;
    return n.gnu_hash ? in_gnu_hash(&n, name) : n.hash && in_hash(&n, name);
}

static bool any_from(const struct link_map *module, const char *name)
{
    for (; module; module = module->l_next)
        if (module_has(module, name))
            return true;
    return false;
}

bool exports_behind(const char *name)
{
    const struct link_map *module = _r_debug.r_map;
    while (module && module->l_ld != _DYNAMIC) /* this one */
        module = module->l_next;
    return any_from(module ? module->l_next : _r_debug.r_map, name);
}

bool exports_anywhere(const char *name)
{
    return any_from(_r_debug.r_map, name);
}
