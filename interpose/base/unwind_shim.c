/*
 * unwind_shim.c - what LLVM's libunwind calls instead of the loader, the heap and stdio.
 *
 * Its dl_iterate_phdr would take the loader's lock and deadlock with a service whose callback waits for a lock; the
 * loader's lock-free lookup answers the same question. There are no dynamically registered frames, so its cache of them
 * stays empty and its lock has nothing to guard.
 */
#include "unwind_shim.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

__thread void *unwind_escape[5];

#define EH_FRAME_HDR_MAX (1u << 30) /* the size of the search table stands in the table itself */

/* First words of what libunwind 14 passes as data (LocalAddressSpace::findUnwindSections). The unit test of stacks
 * would see at once if another version laid it out differently. */
struct unwind_request {
    void *address_space, *sections;
    uintptr_t target;
};

/* The search table as linkers write it: all of it four-byte words, relative to its own start. */
struct eh_frame_hdr {
    uint8_t version, frames_encoding, count_encoding, table_encoding;
    int32_t frames;
    uint32_t count;
    struct {
        int32_t function, entry;
    } table[];
};

/* The entry of a function; its two last words are encoded in a way that only its head tells. */
struct eh_frame_entry {
    uint32_t length, head;
    int32_t function; /* relative to this word */
    uint32_t size;
};

static bool is_usual(const struct eh_frame_hdr *h)
{
    return h->version == 1 && h->frames_encoding == 0x1b && h->count_encoding == 0x03 && h->table_encoding == 0x3b &&
           h->count;
}

/* Whether the table says that no entry covers the address. libunwind does not take its word for it and reads all
 * entries, which takes milliseconds in a large program; and code without entries is no rarity (what a JIT compiler
 * brings along in the program's text, assembler). */
static bool is_uncovered(const struct eh_frame_hdr *h, uintptr_t address)
{
    uint32_t low = 0;
    if (!is_usual(h))
        return false;
    for (uint32_t high = h->count; low < high;) {
        uint32_t middle = low + (high - low) / 2;
        if ((uintptr_t)h + (uintptr_t)(intptr_t)h->table[middle].function <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low)
        return true;
    uintptr_t function = (uintptr_t)h + (uintptr_t)(intptr_t)h->table[low - 1].function;
    const struct eh_frame_entry *e =
            (const struct eh_frame_entry *)((uintptr_t)h + (uintptr_t)(intptr_t)h->table[low - 1].entry);
    if ((uintptr_t)&e->function + (uintptr_t)(intptr_t)e->function != function)
        return false; /* another encoding */
    return address - function >= e->size;
}

int kiwi_unwind_dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data);
int kiwi_unwind_dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data)
{
    struct dl_find_object f;
    uintptr_t target = ((struct unwind_request *)data)->target;
    if (_dl_find_object((void *)target, &f) != 0 || (f.dlfo_eh_frame && is_uncovered(f.dlfo_eh_frame, target)))
        return 0;
    /* Not the module's own program headers: of one whose segments have holes between them the loader tells only the
     * part around the address. These two are all that libunwind looks for. */
    uintptr_t base = f.dlfo_link_map->l_addr, start = (uintptr_t)f.dlfo_map_start;
    const ElfW(Phdr) headers[] = {
            {.p_type = PT_LOAD,
             .p_flags = PF_R | PF_X,
             .p_vaddr = start - base,
             .p_memsz = (uintptr_t)f.dlfo_map_end - start},
            {.p_type = PT_GNU_EH_FRAME, .p_vaddr = (uintptr_t)f.dlfo_eh_frame - base, .p_memsz = EH_FRAME_HDR_MAX},
    };
    struct dl_phdr_info info = {
            .dlpi_addr = base,
            .dlpi_name = f.dlfo_link_map->l_name,
            .dlpi_phdr = headers,
            .dlpi_phnum = f.dlfo_eh_frame ? 2 : 1,
            .dlpi_adds = 1, /* libunwind caches by these two when it caches at all */
            .dlpi_subs = 0,
    };
    return callback(&info, sizeof info, data);
}

int kiwi_unwind_pthread_rwlock_rdlock(void *lock);
int kiwi_unwind_pthread_rwlock_rdlock(void *lock)
{
    (void)lock;
    return 0;
}

int kiwi_unwind_pthread_rwlock_wrlock(void *lock);
int kiwi_unwind_pthread_rwlock_wrlock(void *lock)
{
    (void)lock;
    return 0;
}

int kiwi_unwind_pthread_rwlock_unlock(void *lock);
int kiwi_unwind_pthread_rwlock_unlock(void *lock)
{
    (void)lock;
    return 0;
}

/* Only for its cache of registered frames, which nobody fills. */
void *kiwi_unwind_malloc(size_t size);
void *kiwi_unwind_malloc(size_t size)
{
    (void)size;
    return NULL;
}

void kiwi_unwind_free(void *p);
void kiwi_unwind_free(void *p)
{
    (void)p;
}

int kiwi_unwind_dladdr(const void *address, Dl_info *info);
int kiwi_unwind_dladdr(const void *address, Dl_info *info)
{
    (void)address;
    (void)info;
    return 0;
}

/* Its log and its complaints: a preloaded library says nothing. */
FILE *kiwi_unwind_stderr;

int kiwi_unwind_fprintf(FILE *to, const char *format, ...);
int kiwi_unwind_fprintf(FILE *to, const char *format, ...)
{
    (void)to;
    (void)format;
    return 0;
}

int kiwi_unwind_snprintf(char *to, size_t size, const char *format, ...);
int kiwi_unwind_snprintf(char *to, size_t size, const char *format, ...)
{
    (void)format;
    if (size)
        *to = '\0';
    return 0;
}

size_t kiwi_unwind_fwrite(const void *from, size_t size, size_t count, FILE *to);
size_t kiwi_unwind_fwrite(const void *from, size_t size, size_t count, FILE *to)
{
    (void)from;
    (void)size;
    (void)to;
    return count;
}

int kiwi_unwind_fflush(FILE *to);
int kiwi_unwind_fflush(FILE *to)
{
    (void)to;
    return 0;
}

/* Reached on unwind tables that libunwind can not read: the walk ends there, and the service goes on. */
void kiwi_unwind_abort(void) __attribute__((noreturn));
void kiwi_unwind_abort(void)
{
    __builtin_longjmp(unwind_escape, 1);
}
