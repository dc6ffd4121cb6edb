/*
 * history.h - plays a written history through the real recording code, without threads, and reviews the result.
 *
 *     struct history *h = history_open();
 *     history_play(h, "T1 lock A; T1 lock B; T1 unlock B; T1 unlock A;"
 *                     "T2 lock B; T2 lock A at g; T2 unlock A; T2 unlock B");
 *     struct review *r = history_review(h);
 *     assert_int_equal(history_count(r, FINDING_LOCK_ORDER_CYCLE), 1);
 *     history_close(h);
 *
 * A statement is THREAD VERB OBJECT [at PLACE]; threads, objects and places are any words. A thread that is not created
 * by another one begins with its first statement, ordered with nothing. Without `at` the place is the statement's own
 * words. A creation `at` a place belongs to that site, others to none.
 *
 *     create T, join T          end                     threads (a thread must have ended before it is joined)
 *     detach T                  exit MS                 the process exits in so many milliseconds
 *     lock trylock timedlock    rdlock wrlock           granted at once; unlock lets go, also out of order
 *     wants L, wants-timed L    wants-rd L wants-wr L   asks for a lock and waits for it from here on
 *     needs L                                           wants it, and sees who has it
 *     waited MS                                         ... for so many milliseconds by now
 *     gets L                    gives-up                ... until it gets it, or not
 *     new L                     L lies in a block that the thread has just allocated, and is initialised
 *     init L, destroy L, free L                         a new generation at its address; its end
 *     recursive L, rwlock L     normal L                kind of a lock, before its first use
 *     condwait L                                        a wait that lets go of L and takes it again
 *     blocks-on C                                       waits on C with the mutex it took last, from here on
 *     returns, times-out                                ... until a signal ends that, or not
 *     signals C, broadcasts C
 *     interrupted, resumed                              a signal handler runs, from here to there
 *     hurried, resumed                                  has no time to look further up than the return address
 *     heap x                                            a heap call in it
 *     wakes C, woken C                                  signals C; goes on after a wait for C that a signal ended
 *     waits C, wakes-all C                              begins such a wait; wakes all who wait
 *     arrives B at 2, leaves B at 2                     before and after the wait of a barrier for 2 threads
 *     passes M                                          lets go of M, by which threads tell each other something
 *     keeps P                                           keeps a promise: from then on others may act on it
 *     enter CALL                                        a blocking call: poll, read, sleep, fsync, join T, ...
 *     leave MS                                          ... that ends after so many milliseconds of waiting
 *     preempted MS                                      ... during which it only had no processor
 *     polls E, finds E                                  returns from a wait for events with one, after a while or at
 *                                                       once; before it the tick of its loop ends. E nothing: a timeout
 *     awaits E                                          polls E, but that one alone
 *     idles MS                                          waited so much longer for the latest one
 *     computes MS, suspended MS                         runs for so long, or has no processor
 *     allocates N                                       so many heap blocks
 *     appends N, doubles N                              a buffer that grows so often, by 100 bytes or to twice its size
 *     churns N, retains N                               so many 100,000 blocks in a second, freed within 1 us or 50 ms
 *     uses MS                                           of processor time in all
 *     relock L, unlock-unheld L, unlock-foreign L, unlock-refused L, destroy-held L      misuse as the wrappers note it
 *     fork-held L, fork-wanted L                        in a forked child, where a thread of the parent holds L
 *
 * What can not be parsed stops the test with a message. One history at a time: the recorder's state is global.
 */
#ifndef KIWI_TEST_HISTORY_H
#define KIWI_TEST_HISTORY_H

#include "../../analysis/review.h"

struct history;

struct history *history_open(void);
void history_close(struct history *h);
/* The same around a test of cmocka: its state is the history. */
int history_set_up(void **state);
int history_tear_down(void **state);
void history_play(struct history *h, const char *script);
/* printf-like; for histories made in loops. */
void history_playf(struct history *h, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Milliseconds of pretended recording time before the end, so that shares of it mean something. Default 1,000. */
void history_lasts(struct history *h, unsigned ms);

/* Reads what was recorded and reviews it; belongs to the history. Once per history. */
struct review *history_review(struct history *h);

unsigned history_count(const struct review *r, enum finding_id id);
const struct finding *history_find(const struct review *r, enum finding_id id); /* the first; fails the test if none */
/* Review the history; fail the test if anything is found, or anything but the one. */
void history_assert_silent(struct history *h);
const struct finding *history_assert_one(struct history *h, enum finding_id id, enum severity severity);
/* The finding's location is the place of that name. */
void history_assert_at(const struct history *h, const struct finding *f, const char *place);
/* Some stack of the finding is at the place of that name. */
void history_assert_stack(const struct history *h, const struct finding *f, const char *place);
/* The finding names exactly these objects: "A B". */
void history_assert_objects(const struct history *h, const struct finding *f, const char *names);
#endif
