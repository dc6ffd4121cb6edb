/*
 * kiwi.h - what a program can tell Kiwi about itself.
 *
 *     #include <kiwi.h>
 *
 *     kiwi_scope_begin("parse");               // how long does this take, how often?
 *     parse(request);
 *     kiwi_scope_end("parse");
 *
 * Nothing needs to be linked: the functions of libkiwi.so are weak symbols, so the program runs without it, at the cost
 * of one predictable branch a call. All of it works in C (gnu99 and later) and C++.
 *
 * Names are texts that never change or go away, as literals are; they are told apart by their text. At most 63 bytes of
 * a name are kept. NULL is ignored. No function fails, changes errno, blocks, or throws; each may be called from any
 * thread, and from a signal handler (where a call that interrupted the recorder itself is not counted).
 */
#ifndef KIWI_H
#define KIWI_H

#ifdef __cplusplus
extern "C" {
#endif

/* Of libkiwi.so; do not call them directly. */
__attribute__((weak)) extern void kiwi_note_scope_begin(const char *name);
__attribute__((weak)) extern void kiwi_note_scope_end(const char *name);
__attribute__((weak)) extern void kiwi_note_tick_begin(const char *name);
__attribute__((weak)) extern void kiwi_note_tick_end(void);
__attribute__((weak)) extern void kiwi_note_thread_role(const char *role);

/*
 * The function of libkiwi.so, or a null pointer without it. Through the global offset table in any case: in a program
 * that is not position-independent the linker would otherwise decide for good that there is none.
 */
#ifdef __x86_64__
#define KIWI_FUNCTION(name, type)                                                                                      \
    type found_;                                                                                                       \
    __asm__(".weak " #name "\n\tmovq " #name "@GOTPCREL(%%rip), %0" : "=r"(found_))
#else
#define KIWI_FUNCTION(name, type) type found_ = name
#endif
typedef void (*kiwi_named_function)(const char *);
typedef void (*kiwi_function)(void);

/*
 * A scope: a piece of work of which count and duration matter. `kiwi show scopes` prints them, with percentiles, by
 * name and kind of thread. Scopes of a thread may be nested, 8 deep; further ones are not counted. End a scope on the
 * thread that began it. An end without its begin is ignored; ending an outer scope drops those begun inside it.
 */
static inline __attribute__((unused)) void kiwi_scope_begin(const char *name)
{
    KIWI_FUNCTION(kiwi_note_scope_begin, kiwi_named_function);
    if (found_)
        found_(name);
}

static inline __attribute__((unused)) void kiwi_scope_end(const char *name)
{
    KIWI_FUNCTION(kiwi_note_scope_end, kiwi_named_function);
    if (found_)
        found_(name);
}

/*
 * A tick: one turn of a loop that serves events, for loops that Kiwi does not find by itself (those that wait in
 * something else than poll, select or epoll). Begin it when the loop's wait has returned, end it before it waits again:
 * every call that waits in between is taken to stall the loop. name: of the loop. `kiwi show ticks` prints them, and
 * the findings blocked-loop and slow-tick judge them by tick-budget. A thread has one such loop at a time; once it has
 * called kiwi_tick_begin, no other loop is looked for on it.
 */
static inline __attribute__((unused)) void kiwi_tick_begin(const char *name)
{
    KIWI_FUNCTION(kiwi_note_tick_begin, kiwi_named_function);
    if (found_)
        found_(name);
}

static inline __attribute__((unused)) void kiwi_tick_end(void)
{
    KIWI_FUNCTION(kiwi_note_tick_end, kiwi_function);
    if (found_)
        found_();
}

/* What the calling thread is there for, as reports shall call it: at most 15 bytes are kept. Its name for the system is
 * left alone. */
static inline __attribute__((unused)) void kiwi_thread_role(const char *role)
{
    KIWI_FUNCTION(kiwi_note_thread_role, kiwi_named_function);
    if (found_)
        found_(role);
}

#ifdef __cplusplus
}
#endif
#endif
