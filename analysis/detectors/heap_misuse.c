/*
 * double-free, invalid-free, mismatched-free and use-after-free: wrong use of heap blocks that the recorder followed.
 *
 * The recorder saw each of them happen. What is left to decide is what is one: incidents of a kind at one place, with
 * blocks of one origin, are one finding.
 */
#include "detector.h"

#include "../place.h"
#include "wording.h"
#include "../array.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NOT_RETURNED 0xffffffffu

struct incident {
    enum finding_id id;
    const struct kiwi_misuse *row; /* the first of them */
    uint32_t made;                 /* stack that allocated the block, 0 = not known */
    uint64_t place;                /* finding and location */
    uint64_t key, count, first_ticks, last_ticks;
};

struct incidents {
    struct model *m;
    struct incident *items;
    uint32_t count, capacity;
};

/* Known by the allocator's own marks: it is one if the allocator did not come back from it. */
static bool is_by_marks(const struct kiwi_misuse *r)
{
    return r->kind == KIWI_MISUSE_FREE_MARKED || r->kind == KIWI_MISUSE_FREE_UNLIKE;
}

static bool is_heap_misuse(const struct kiwi_misuse *r)
{
    return (r->kind >= KIWI_MISUSE_DOUBLE_FREE && r->kind <= KIWI_MISUSE_USE_AFTER_FREE) ||
           (is_by_marks(r) && r->result == NOT_RETURNED);
}

static enum finding_id finding_of(const struct kiwi_misuse *r)
{
    if (is_by_marks(r))
        return r->kind == KIWI_MISUSE_FREE_MARKED ? FINDING_DOUBLE_FREE : FINDING_INVALID_FREE;
    return (enum finding_id)(FINDING_DOUBLE_FREE + (r->kind - KIWI_MISUSE_DOUBLE_FREE));
}

static bool begins_in(struct model *m, uint32_t stack, const char *function)
{
    struct symbol_frame f = place_frame(m->trace, m->symbols, stack, 0);

    return f.function && strncmp(f.function, function, strlen(function)) == 0;
}

/* A program's own operator new may take its memory from malloc, and its operator delete may call free: those two belong
 * together, whatever the other side is. */
static bool own_operator(struct model *m, const struct kiwi_misuse *r, uint32_t made)
{
    if (KIWI_MISUSE_MADE_BY(r->flags) == KIWI_HEAP_MALLOC && begins_in(m, made, "operator new"))
        return true;
    return KIWI_MISUSE_FREED_BY(r->flags) == KIWI_HEAP_MALLOC && begins_in(m, r->stack, "operator delete");
}

/* One of a block that was not followed belongs to those at its place. */
static struct incident *incident_of(struct incidents *all, const struct kiwi_misuse *r, uint64_t place, uint64_t key)
{
    for (uint32_t i = 0; i < all->count; i++)
        if (all->items[i].key == key || (is_by_marks(r) && all->items[i].place == place))
            return &all->items[i];
    struct incident *items = array_room(all->items, all->count, &all->capacity, sizeof *items);

    if (!items)
        return NULL;
    all->items = items;
    all->items[all->count] =
            (struct incident){.id = finding_of(r), .place = place, .key = key, .first_ticks = UINT64_MAX};
    return &all->items[all->count++];
}

static int add(struct incidents *all, const struct kiwi_misuse *r)
{
    struct model *m = all->m;
    const struct kiwi_heap_site *site = trace_heap_site(m->trace, r->heap_site);
    uint32_t made = site ? site->stack : 0;
    uint64_t place = place_hash(finding_of(r), place_location_hash(m->trace, m->symbols, r->stack)), key = place;
    struct incident *n;

    if (r->kind == KIWI_MISUSE_MISMATCHED_FREE && own_operator(m, r, made))
        return 0;
    if (made)
        key = place_hash(key, place_location_hash(m->trace, m->symbols, made));
    n = incident_of(all, r, place, key);
    if (!n)
        return -1;
    if (!n->row) {
        n->row = r;
        n->made = made;
    }
    n->count += r->count ? r->count : 1;
    if (r->first_ticks < n->first_ticks)
        n->first_ticks = r->first_ticks;
    if (r->last_ticks > n->last_ticks)
        n->last_ticks = r->last_ticks;
    return 0;
}

static const char *const made_words[] = {"malloc", "new", "new[]"}, *const freed_words[] = {"free", "delete",
                                                                                            "delete[]"};

static const char *word(const char *const *words, uint32_t form)
{
    return form < 3 ? words[form] : "another call";
}

struct text {
    const char *title, *why, *fix;
};

static const struct text texts[] = {
        [FINDING_DOUBLE_FREE - FINDING_DOUBLE_FREE] =
                {"a block is freed again at %s",
                 "Between the two frees the allocator may have given the memory to somebody else, whose block the "
                 "second "
                 "one then frees: data of two owners get mixed up, far from here. Where the allocator notices, the "
                 "process aborts.",
                 "Let one place own the block: free it there alone, and set the pointer to NULL with it, so that the "
                 "common cleanup has nothing left to free."},
        [FINDING_INVALID_FREE - FINDING_DOUBLE_FREE] =
                {"%s frees something that is not a heap block",
                 "The allocator takes what lies in front of the address for its own header: it aborts, or its lists "
                 "are "
                 "damaged and some later call crashes.",
                 "Free the pointer that the allocation returned, or give the element back to the pool that it came "
                 "from."},
        [FINDING_MISMATCHED_FREE - FINDING_DOUBLE_FREE] =
                {"a block is freed by the wrong kind of call at %s",
                 "It works only as long as both kinds share one allocator and the elements have no destructors: with "
                 "another allocator, sized deallocation or an array of objects it damages the heap, and destructors do "
                 "not run.",
                 "Free what malloc made with free, what new made with delete and what new[] made with delete[]; "
                 "better, "
                 "let a std::vector or a std::unique_ptr of the right kind own it."},
        [FINDING_USE_AFTER_FREE - FINDING_DOUBLE_FREE] =
                {"a block is written to after it was freed at %s",
                 "By then the memory may be somebody else's block, or the allocator's own bookkeeping: the write "
                 "damages "
                 "data far from here, at random.",
                 "Free the block when its last user is done: give each user a reference of its own, or wait for those "
                 "that may still write (cancel and join) before the free."},
};

static void describe_place(struct finding *f, const struct kiwi_misuse *r)
{
    switch (KIWI_MISUSE_PLACE(r->flags)) {
    case KIWI_FREE_ON_STACK:
        finding_evidence(f, "The address lies on the stack of the thread that freed it: a local variable.");
        break;
    case KIWI_FREE_STATIC:
        finding_evidence(f, "The address lies in the data of a loaded module: a static variable.");
        break;
    default:
        finding_evidence(f, "The address lies %" PRIu32 " bytes behind the start of a live block.", r->result);
    }
}

/* By what glibc was about to see it. */
static void describe_mark(struct finding *f, const struct kiwi_misuse *r)
{
    static const char unseen[] = "Who had freed it was not seen; with heap=exact it mostly is.";

    switch (KIWI_MISUSE_PLACE(r->flags)) {
    case KIWI_FREE_BEHIND:
        finding_evidence(f,
                         "What lies behind the block says that it is free, and this call did not return: glibc ends "
                         "the process there. %s",
                         unseen);
        break;
    case KIWI_FREE_UNMAPPED:
        finding_evidence(f,
                         "The address lies where a block with a mapping of its own begins, and there is no memory any "
                         "more: this call did not return. %s",
                         unseen);
        break;
    default:
        finding_evidence(f,
                         "The block had the mark that glibc gives to small blocks when they are freed, and this call "
                         "did not return: glibc ends the process there. %s",
                         unseen);
    }
}

static void describe_unlike(struct finding *f, const struct kiwi_misuse *r)
{
    switch (KIWI_MISUSE_PLACE(r->flags)) {
    case KIWI_FREE_ON_STACK:
    case KIWI_FREE_STATIC:
        describe_place(f, r);
        finding_evidence(f, "This call did not return: glibc ends the process there.");
        break;
    case KIWI_FREE_HEADER:
        finding_evidence(f, "What lies in front of the address is not the header of a block, and this call did not "
                            "return: glibc ends the process there. With heap=exact it is seen what the address is.");
        finding_evidence(f, "If it is a block nevertheless, something wrote past the end of the one before it: build "
                            "with -fsanitize=address to see what.");
        break;
    default:
        finding_evidence(f,
                         "The address is no multiple of 16, as those of all blocks are, and this call did not return: "
                         "glibc ends the process there. With heap=exact it is seen what the address is.");
    }
}

/* What came before the second free. */
static void describe_first(struct model *m, struct finding *f, const struct kiwi_misuse *r, uint32_t other)
{
    enum kiwi_free_place place = KIWI_MISUSE_PLACE(r->flags);
    bool moved = place == KIWI_FREE_MOVED;

    finding_stack(f, m, r->other_stack, other, moved ? "had given it to realloc" : "had freed it");
    finding_evidence(f, "The block of %" PRIu32 " bytes had been %s at %s.", r->result,
                     moved ? "given to realloc, which moved it," : "freed", model_site(m, r->other_stack));
    finding_evidence(f, "Under this recording the second free was %s.",
                     place == KIWI_FREE_IN_BLOCK ? "left out" : "made");
}

static void describe(struct model *m, struct finding *f, const struct incident *n)
{
    const struct kiwi_misuse *r = n->row;
    uint32_t other = wording_thread_row(m, r->other_thread, r->other_serial);
    uint32_t thread = wording_thread_row(m, r->thread, r->serial);
    const struct kiwi_heap_site *site = trace_heap_site(m->trace, r->heap_site);
    uint32_t maker = site ? wording_thread_row(m, site->thread, site->serial) : 0;

    switch (r->kind) {
    case KIWI_MISUSE_DOUBLE_FREE:
        finding_stack(f, m, r->stack, thread, "frees it again");
        describe_first(m, f, r, other);
        break;
    case KIWI_MISUSE_FREE_MARKED:
        finding_stack(f, m, r->stack, thread, "frees it again");
        describe_mark(f, r);
        break;
    case KIWI_MISUSE_FREE_UNLIKE:
        finding_stack(f, m, r->stack, thread, "frees it");
        describe_unlike(f, r);
        break;
    case KIWI_MISUSE_INVALID_FREE:
        finding_stack(f, m, r->stack, thread, "frees it");
        describe_place(f, r);
        break;
    case KIWI_MISUSE_MISMATCHED_FREE:
        finding_stack(f, m, r->stack, thread, "frees it with %s", word(freed_words, KIWI_MISUSE_FREED_BY(r->flags)));
        finding_evidence(f, "The block of %" PRIu32 " bytes was made by %s and freed by %s.", r->result,
                         word(made_words, KIWI_MISUSE_MADE_BY(r->flags)),
                         word(freed_words, KIWI_MISUSE_FREED_BY(r->flags)));
        break;
    default:
        finding_stack(f, m, r->stack, other, "had freed it");
        finding_evidence(f,
                         "The contents of the block of %" PRIu32 " bytes changed while it lay in quarantine, after its "
                         "free. Who wrote was not seen; look for who still has a pointer to it.",
                         r->result);
    }
    if (n->made)
        finding_stack(f, m, n->made, maker, "allocated it");
    if (n->made && r->kind != KIWI_MISUSE_INVALID_FREE)
        finding_evidence(f, "It was allocated at %s.", model_site(m, n->made));
}

/* That glibc refused it is; not which of the two sides was wrong. */
static bool is_certain(const struct kiwi_misuse *r)
{
    enum kiwi_free_place place = KIWI_MISUSE_PLACE(r->flags);

    return !is_by_marks(r) || (place != KIWI_FREE_HEADER && place != KIWI_FREE_UNMAPPED);
}

static int report(struct model *m, const struct incident *n, struct finding_list *list)
{
    enum finding_id id = n->id;
    const struct text *text = &texts[id - FINDING_DOUBLE_FREE];
    struct finding *f = finding_add(list, id);
    bool unlike;

    if (!f)
        return -1;
    unlike = n->row->kind == KIWI_MISUSE_FREE_UNLIKE && KIWI_MISUSE_PLACE(n->row->flags) == KIWI_FREE_HEADER;
    f->confidence = is_certain(n->row) ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
    f->count = n->count;
    f->cause = n->key;
    finding_set(f, &f->title, unlike ? "%s frees something that does not look like a heap block" : text->title,
                model_site(m, n->row->stack));
    finding_set(f, &f->why, "%s", text->why);
    finding_set(f, &f->fix, "%s", text->fix);
    describe(m, f, n);
    if (n->count > 1)
        finding_evidence(f, "It happened %" PRIu64 " times; this was the first.", n->count);
    wording_validation_exact(f, m, finding_info(id)->id, "every block is looked at, and it must be silent.");
    wording_seen(f, m, n->first_ticks, n->last_ticks);
    return 0;
}

_Static_assert(FINDING_INVALID_FREE - FINDING_DOUBLE_FREE == KIWI_MISUSE_INVALID_FREE - KIWI_MISUSE_DOUBLE_FREE &&
                       FINDING_USE_AFTER_FREE - FINDING_DOUBLE_FREE ==
                               KIWI_MISUSE_USE_AFTER_FREE - KIWI_MISUSE_DOUBLE_FREE,
               "findings and kinds of misuse stand in the same order");

int detect_heap_misuse(struct model *m, struct finding_list *list)
{
    struct incidents all = {.m = m};
    int result = 0;

    for (uint32_t i = 1; i < trace_rows(m->trace, KIWI_TABLE_MISUSES) && !result; i++) {
        const struct kiwi_misuse *r = trace_misuse(m->trace, i);

        if (r && is_heap_misuse(r))
            result = add(&all, r);
    }
    for (uint32_t i = 0; i < all.count && !result; i++)
        result = report(m, &all.items[i], list);
    free(all.items);
    return result;
}
