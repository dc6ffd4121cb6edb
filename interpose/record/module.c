#include "module.h"

#include "object.h"
#include "stack.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#define MODULES 1024u

/* Ranges of noted modules, for the common question "known already?"; index = module row. */
static struct {
    uintptr_t start, end;
} ranges[MODULES];
static uint32_t range_count; /* rows that may be in use + 1; grows after the entry is whole */

static bool find_object(uintptr_t address, struct dl_find_object *found)
{
    return _dl_find_object((void *)address, found) == 0;
}

static uint32_t known_module(uintptr_t address)
{
    uint32_t n = __atomic_load_n(&range_count, __ATOMIC_ACQUIRE); /* pairs with range_add */
    for (uint32_t i = 1; i < n; i++)
        if (address >= ranges[i].start && address < ranges[i].end)
            return i;
    return 0;
}

/* Of a module with holes between its segments the loader tells only the part around an address, which need not begin
 * with the ELF header. Such are executables linked by lld or mold; the kernel says where their headers are. */
static const ElfW(Phdr) * program_headers(const struct dl_find_object *f, uint32_t *count)
{
    if (!f->dlfo_link_map->l_name[0]) {
        *count = (uint32_t)getauxval(AT_PHNUM);
        return (const void *)getauxval(AT_PHDR);
    }
    uintptr_t start = (uintptr_t)f->dlfo_map_start;
    const ElfW(Ehdr) *e = (const void *)start;
    if (memcmp(e->e_ident, ELFMAG, SELFMAG) != 0 || e->e_phentsize != sizeof(ElfW(Phdr)))
        return NULL;
    *count = e->e_phnum;
    return (const void *)(start + e->e_phoff);
}

static void read_build_id(struct kiwi_module *m, const char *note, size_t size)
{
    size_t at = 0;
    while (at + sizeof(ElfW(Nhdr)) <= size) {
        const ElfW(Nhdr) *n = (const void *)(note + at);
        size_t name = at + sizeof *n, desc = name + ((n->n_namesz + 3u) & ~3u);
        if (desc + n->n_descsz > size)
            return;
        if (n->n_type == NT_GNU_BUILD_ID && n->n_namesz == 4 && memcmp(note + name, "GNU", 4) == 0) {
            m->build_id_size = n->n_descsz < KIWI_BUILD_ID_BYTES ? n->n_descsz : KIWI_BUILD_ID_BYTES;
            memcpy(m->build_id, note + desc, m->build_id_size);
            return;
        }
        at = desc + ((n->n_descsz + 3u) & ~3u);
    }
}

static void module_fill(struct kiwi_module *m, const struct dl_find_object *f)
{
    const struct link_map *l = f->dlfo_link_map;
    m->base = l->l_addr;
    m->start = (uintptr_t)f->dlfo_map_start;
    m->end = (uintptr_t)f->dlfo_map_end;
    m->loaded_epoch = RELAXED_LOAD(&region.header->module_epoch);
    uint32_t count = 0;
    const ElfW(Phdr) *p = program_headers(f, &count);
    for (uint32_t i = 0; p && i < count; i++) {
        uintptr_t at = l->l_addr + p[i].p_vaddr;
        if (p[i].p_type == PT_NOTE && !m->build_id_size)
            read_build_id(m, (const char *)at, p[i].p_memsz);
        if (p[i].p_type == PT_LOAD && at < m->start)
            m->start = at;
        if (p[i].p_type == PT_LOAD && at + p[i].p_memsz > m->end)
            m->end = at + p[i].p_memsz;
    }
}

static void range_add(uint32_t row, const struct kiwi_module *m)
{
    ranges[row].start = m->start;
    ranges[row].end = m->end;
    uint32_t n = RELAXED_LOAD(&range_count);
    while (n <= row &&
           !__atomic_compare_exchange_n(&range_count, &n, row + 1, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
}

static bool same_file(const struct kiwi_module *a, const struct kiwi_module *b, const char *path)
{
    return a->path && strcmp(region.tables[KIWI_TABLE_STRINGS] + a->path, path) == 0 && a->base == b->base &&
           a->start == b->start && a->end == b->end && a->build_id_size && a->build_id_size == b->build_id_size &&
           memcmp(a->build_id, b->build_id, a->build_id_size) == 0;
}

/*
 * A plugin that is unloaded and loaded again mostly comes back to its old place. It gets its old row: its call paths
 * are what they were. Not if another module was there in between, to which stacks of that time belong.
 */
static bool module_back(const struct kiwi_module *now, const char *path)
{
    uint32_t n = __atomic_load_n(&range_count, __ATOMIC_ACQUIRE), row = 0;
    for (uint32_t i = n; --i > 0 && !row;)
        if (!ranges[i].end && RELAXED_LOAD(&region_module(i)->state) == KIWI_ROW_ENDED &&
            same_file(region_module(i), now, path))
            row = i;
    for (uint32_t i = 1; row && i < n; i++) {
        const struct kiwi_module *m = region_module(i);
        if (i != row && m->start < now->end && now->start < m->end &&
            m->loaded_epoch >= region_module(row)->unloaded_epoch)
            return false;
    }
    if (!row)
        return false;
    region_module(row)->unloaded_epoch = 0;
    region_publish(&region_module(row)->state, KIWI_ROW_LIVE);
    range_add(row, region_module(row));
    return true;
}

uint64_t module_unloaded_epoch(uintptr_t address)
{
    uint32_t n = __atomic_load_n(&range_count, __ATOMIC_ACQUIRE);
    uint64_t latest = 0;
    for (uint32_t i = 1; i < n; i++) {
        const struct kiwi_module *m = region_module(i);
        uint64_t epoch = ranges[i].end ? 0 : RELAXED_LOAD(&m->unloaded_epoch);
        if (epoch > latest && address >= m->start && address < m->end)
            latest = epoch;
    }
    return latest;
}

/* Without a lock: a signal handler may leave this for good by a jump, and another thread need not wait for a row. Of
 * two threads that meet a module at once, the slower one usually finds the row of the other and leaves its own
 * unpublished; two rows for one module say the same. */
static bool module_add(const struct dl_find_object *f)
{
    if (known_module((uintptr_t)f->dlfo_map_start))
        return true;
    struct kiwi_module now = {0};
    if (RELAXED_LOAD(&region.header->module_epoch) > MODULE_EPOCH_FIRST) {
        module_fill(&now, f);
        if (module_back(&now, f->dlfo_link_map->l_name))
            return true;
    }
    uint32_t row = region_claim(KIWI_TABLE_MODULES, 1);
    if (!row || row >= MODULES)
        return true;
    struct kiwi_module *m = region_module(row);
    module_fill(m, f);
    m->path = region_string(f->dlfo_link_map->l_name, strlen(f->dlfo_link_map->l_name));
    if (known_module((uintptr_t)f->dlfo_map_start))
        return true;
    region_publish(&m->state, KIWI_ROW_LIVE);
    range_add(row, m);
    return true;
}

bool module_note(uintptr_t address)
{
    struct dl_find_object f;
    if (known_module(address))
        return true;
    return find_object(address, &f) && module_add(&f);
}

bool module_is_named(uintptr_t address, const char *part)
{
    uint32_t row = known_module(address), path = row ? region_module(row)->path : 0;
    return path && strstr(region.tables[KIWI_TABLE_STRINGS] + path, part);
}

bool module_holds_data(uintptr_t address)
{
    struct dl_find_object f;
    if (!find_object(address, &f))
        return false;
    module_add(&f);
    uint32_t count = 0;
    const ElfW(Phdr) *p = program_headers(&f, &count);
    uintptr_t base = f.dlfo_link_map->l_addr;
    for (uint32_t i = 0; p && i < count; i++)
        if (p[i].p_type == PT_LOAD && !(p[i].p_flags & PF_X) && address - base - p[i].p_vaddr < p[i].p_memsz)
            return true;
    return false;
}

void module_sweep(void)
{
    uint32_t n = __atomic_load_n(&range_count, __ATOMIC_ACQUIRE);
    uint64_t next = RELAXED_LOAD(&region.header->module_epoch) + 1;
    bool gone = false;
    for (uint32_t i = 1; i < n; i++) {
        struct dl_find_object f;
        if (!ranges[i].end || (find_object(ranges[i].start, &f) && f.dlfo_link_map->l_addr == region_module(i)->base))
            continue;
        object_end_static(ranges[i].start, ranges[i].end); /* the next plugin's locks may lie where this one's did */
        ranges[i].start = ranges[i].end = 0;
        region_module(i)->unloaded_epoch = next;
        region_publish(&region_module(i)->state, KIWI_ROW_ENDED);
        gone = true;
    }
    if (gone) {
        RELAXED_ADD(&region.header->module_epoch, 1);
        RELAXED_STORE(&stack_module_epoch, (uint32_t)RELAXED_LOAD(&region.header->module_epoch));
    }
}

void module_reset(void)
{
    memset(ranges, 0, sizeof ranges);
    range_count = 1;
}
