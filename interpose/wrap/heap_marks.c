#include "heap_marks.h"

#include "../base/real.h"
#include "../base/sys.h"
#include "../record/object.h"
#include "../record/suspect.h"

#include <errno.h>
#include <gnu/libc-version.h>

#define RESULT_UNKNOWN (-1)
#define HEADER 16u /* a block begins so much before the address that the program has; its size is the second word */
#define PAGE 4096u
#define USER_END (1ul << 47)
#define ARENA_BYTES (64ul << 20) /* an arena that is not the main one consists of pieces of that, so aligned */
#define MAIN_BYTES (1ul << 40)   /* more than a heap has; mappings are further away from it */

uint64_t heap_marks_mark;

/* The main heap: where a block of it lies, and up to where blocks were found since. */
static uintptr_t main_start, main_known;

/* What is in the second word of a block that was all zero when it was freed. */
static uint64_t left_behind(size_t size)
{
    uint64_t *p = real.calloc(1, size);
    if (!p)
        return 0;
    __asm__ volatile("" ::"r"(p) : "memory");
    real.free(p);
    __asm__ volatile("" : "+r"(p)::"memory"); /* by now it is an address */
    return RELAXED_LOAD(&p[1]);
}

/* Of the block at an address. */
static uint64_t header_of(uintptr_t address)
{
    return RELAXED_LOAD((const uint64_t *)(address - sizeof(uint64_t)));
}

/* Another libc may have another way to keep its books. */
static bool headers_are_known(void)
{
    uintptr_t p = (uintptr_t)real.malloc(200);
    __asm__ volatile("" : "+r"(p));
    bool known = p && (header_of(p) & ~HEAP_MARKS_BITS) == 208 && (header_of(p + 208) & HEAP_MARKS_IN_USE);
    main_start = p;
    real.free((void *)p);
    return known;
}

/* Which a free list may keep as well; but not the same in lists of other sizes. */
void heap_marks_learn(void)
{
    const void *libc = real_module_of((const void *)gnu_get_libc_version);
    if (!libc || real_module_of((const void *)real.free) != libc || real_module_of((const void *)real.calloc) != libc)
        return;
    uint64_t one = left_behind(200), other = left_behind(600);
    if (one > UINT32_MAX && one == other && headers_are_known())
        heap_marks_mark = one;
}

/* Asks the kernel about what lies behind all that is known of the main heap. What the heap gave back since is only met
 * where p is no block. */
static bool is_readable(uintptr_t at)
{
    if (at >= main_start && at < RELAXED_LOAD(&main_known))
        return true;
    if (!sys_readable(at))
        return false;
    if (at - main_start < MAIN_BYTES)
        RELAXED_STORE(&main_known, at);
    return true;
}

/* Whether the header of what follows a block can be read. What is left over at the end of a heap ends with a page, and
 * a block that was freed may have become part of that. */
static bool has_next(uint64_t header, uintptr_t start, uintptr_t next)
{
    uintptr_t at = next + sizeof(uint64_t);
    if (next % PAGE == 0)
        return sys_readable(at);
    return (header & HEAP_MARKS_ARENA && (start ^ next) < ARENA_BYTES) || is_readable(at);
}

static bool refuse(struct misuse_facts *facts, enum kiwi_misuse_kind kind, enum kiwi_free_place place)
{
    facts->kind = kind;
    facts->flags = KIWI_HEAP_MALLOC | (uint32_t)place << 8;
    return true;
}

/* The header is not that of a small block. */
static bool refuse_header(uintptr_t address, uint64_t header, struct misuse_facts *facts)
{
    uintptr_t start = address - HEADER, size = header & ~HEAP_MARKS_BITS, next = start + size;
    if (header & HEAP_MARKS_MAPPED) {
        uintptr_t before = RELAXED_LOAD((const uint64_t *)start); /* bytes from the start of the mapping */
        return ((start - before) | (before + size)) % PAGE && refuse(facts, KIWI_MISUSE_FREE_UNLIKE, KIWI_FREE_HEADER);
    }
    if (size < HEAP_MARKS_LEAST || size & 8 || size >= USER_END || next >= USER_END)
        return refuse(facts, KIWI_MISUSE_FREE_UNLIKE, KIWI_FREE_HEADER);
    if (size <= HEAP_MARKS_SMALL)
        return false;
    if (!has_next(header, start, next))
        return next % PAGE ? refuse(facts, KIWI_MISUSE_FREE_UNLIKE, KIWI_FREE_HEADER)
                           : refuse(facts, KIWI_MISUSE_FREE_MARKED, KIWI_FREE_BEHIND);
    return !(header_of(next + HEADER) & HEAP_MARKS_IN_USE) && refuse(facts, KIWI_MISUSE_FREE_MARKED, KIWI_FREE_BEHIND);
}

bool heap_marks_fine(const void *p)
{
    uintptr_t start = (uintptr_t)p - HEADER;
    uint64_t header = header_of((uintptr_t)p);
    uintptr_t next = start + (header & ~(HEAP_MARKS_IN_USE | HEAP_MARKS_ARENA)); /* MAPPED: misaligned */
    bool in_heap = header & HEAP_MARKS_ARENA ? (start ^ next) < ARENA_BYTES
                                             : start >= main_start && next < RELAXED_LOAD(&main_known);
    return in_heap && !((start | next) & 15) && next % PAGE && next >= start + HEAP_MARKS_LEAST &&
           ((const uint64_t *)p)[1] != heap_marks_mark && header_of(next + HEADER) & HEAP_MARKS_IN_USE;
}

bool heap_marks_refuse(const void *p, struct misuse_facts *facts)
{
    uintptr_t address = (uintptr_t)p;
    if (!heap_marks_mark)
        return false;
    if (suspect_large(address) && !is_readable(address - HEADER))
        return refuse(facts, KIWI_MISUSE_FREE_MARKED, KIWI_FREE_UNMAPPED);
    if (!heap_marks_doubt(p))
        return false;
    if (((const uint64_t *)p)[1] == heap_marks_mark)
        return refuse(facts, KIWI_MISUSE_FREE_MARKED, KIWI_FREE_IN_BLOCK);
    if (address & 15)
        return refuse(facts, KIWI_MISUSE_FREE_UNLIKE, KIWI_FREE_IN_BLOCK);
    return refuse_header(address, header_of(address), facts);
}

uint32_t heap_marks_note(struct thread *t, const void *p, struct call_site site)
{
    struct misuse_facts facts = {.stack = 0};
    uintptr_t address = (uintptr_t)p;
    if (!t || record_settings.heap < HEAP_SAMPLE || !heap_marks_refuse(p, &facts))
        return 0;
    int saved = errno;
    guard_set(t);
    if (address < t->stack_high && address >= site.sp)
        refuse(&facts, KIWI_MISUSE_FREE_UNLIKE, KIWI_FREE_ON_STACK);
    else if (object_is_static && object_is_static(address))
        refuse(&facts, KIWI_MISUSE_FREE_UNLIKE, KIWI_FREE_STATIC);
    facts.stack = stack_of(t, site);
    uint32_t row = misuse_note(t, &facts);
    misuse_result(row, RESULT_UNKNOWN); /* one before it may have come back */
    guard_clear(t);
    errno = saved;
    return row;
}

void heap_marks_free(void *p, struct call_site site)
{
    struct misuse_facts facts;
    uint32_t row = unlikely(heap_marks_refuse(p, &facts)) ? heap_marks_note(thread_enter(), p, site) : 0;
    real.free(p);
    misuse_result(row, 0);
}
