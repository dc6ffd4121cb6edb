#include "misuse_wording.h"

#include "../../interpose/trace_format.h"

/* label, deed, other_label, other_deed */
#define HELD "%s was taken here", "%s held it then, taken at %s."
#define WAITED "%s was taken here", "%s was waiting on it."
#define DESTROYED "%s was destroyed here", "%s had destroyed it, at %s."
#define FORKED "in the parent, %s was taken here", "%s held it when the process forked, taken at %s."
#define DID "the offending call", "%s did it at %s."

static const struct misuse_wording wordings[] = {
        [KIWI_MISUSE_RELOCK] = {SEVERITY_CRITICAL, "%s is locked again by the thread that holds it",
                                "A thread that locks a normal mutex twice waits for itself for good, and so does one "
                                "that reads under a rwlock and asks to write, or to read again behind a writer that "
                                "goes first. Everybody else who needs %s waits behind it.",
                                "Split the function that is called under the lock into an outer one that takes %s and "
                                "an inner one that expects it "
                                "to be held, and call the inner one here. (A recursive mutex would only hide that the "
                                "state is half changed.)",
                                DID, HELD},
        [KIWI_MISUSE_RELOCK_TIMED] =
                {SEVERITY_HIGH, "%s is locked again, with a time limit, by the thread that holds it",
                 "The thread waits for itself: the call always takes its whole time limit and then fails, while "
                 "everybody else who "
                 "needs %s waits too.",
                 "Call an inner function that expects %s to be held instead of one that takes it again.", DID, HELD},
        [KIWI_MISUSE_UNLOCK_UNHELD] =
                {SEVERITY_CRITICAL, "%s is unlocked though nobody holds it",
                 "Unlocking a lock that is not held is undefined: it can let two threads into the section that %s "
                 "protects, or leave "
                 "it unusable. Usually an error path has already released it.",
                 "Release %s at one place only: let the error path jump to the common exit, or use a scoped guard.",
                 DID, HELD},
        [KIWI_MISUSE_UNLOCK_FOREIGN] = {SEVERITY_CRITICAL, "%s is unlocked by a thread that does not hold it",
                                        "The holder is still inside the section that %s protects when the next thread "
                                        "enters: the data are no longer "
                                        "protected, and the holder's own unlock then releases somebody else's hold.",
                                        "Unlock %s in the thread that locked it; to hand work over or to signal, use a "
                                        "condition variable or a semaphore.",
                                        DID, HELD},
        [KIWI_MISUSE_UNLOCK_REFUSED] = {SEVERITY_MEDIUM, "%s refused to be unlocked by a thread that does not hold it",
                                        "The lock checks its owner and returned EPERM, so nothing broke; but the code "
                                        "believes it held %s, so what it did "
                                        "before this call was not protected, or it releases once too often.",
                                        "Find why the thread believes it holds %s (an earlier unlock on this path, a "
                                        "failed lock), and check the result of "
                                        "the unlock.",
                                        DID, HELD},
        [KIWI_MISUSE_DESTROY_HELD] =
                {SEVERITY_CRITICAL, "%s is destroyed while it is held",
                 "Whoever holds %s goes on using it, and what it protects, after it is gone: its unlock writes into "
                 "memory that may "
                 "be something else by then. The result of the destroy call (EBUSY) is easily overlooked.",
                 "Destroy %s only after the last user is gone: join the threads, or drop the last reference, first.",
                 DID, HELD},
        [KIWI_MISUSE_DESTROY_WAITED] =
                {SEVERITY_CRITICAL, "%s is destroyed while threads wait on it",
                 "The waiting threads can not be woken any more, or wake up inside memory that has become something "
                 "else.",
                 "Wake all waiters of %s and join them (or let them say that they have left) before destroying it.",
                 DID, WAITED},
        [KIWI_MISUSE_USE_DESTROYED] =
                {SEVERITY_CRITICAL, "%s is used after it was destroyed",
                 "Nothing is protected: locking a destroyed mutex fails with EINVAL, which hardly anybody checks, and "
                 "the "
                 "memory may be something else by then. It comes and goes with the moment at which threads end.",
                 "Let the last user of %s leave before it is destroyed: join the threads that use it first. A lock "
                 "that "
                 "lives as long as the process needs no destroy at all.",
                 "%s is used here", "%s used it at %s.", DESTROYED},
        [KIWI_MISUSE_DESTROY_AGAIN] =
                {SEVERITY_MEDIUM, "%s is destroyed twice",
                 "Two places believe that they are the last user of %s. Destroying it again is undefined, and if it is "
                 "initialised in between, somebody's lock is taken away.",
                 "Let one owner destroy %s, once.", "%s is destroyed again here", "%s destroyed it again at %s.",
                 DESTROYED},
        [KIWI_MISUSE_INIT_HELD] =
                {SEVERITY_CRITICAL, "%s is initialised while it is held",
                 "The hold is forgotten: the next thread gets in beside the holder of %s, and the holder's unlock then "
                 "releases somebody else's hold.",
                 "Initialise %s once, before any other thread can reach it: with a static initialiser or pthread_once.",
                 "%s is initialised here", "%s initialised it at %s.", HELD},
        [KIWI_MISUSE_FREE_HELD] =
                {SEVERITY_CRITICAL, "%s is freed with its memory while it is held",
                 "Whoever holds %s, or waits for it, goes on in freed memory: its unlock writes into a block that is "
                 "somebody else's by then, and who waits is never woken.",
                 "Unlock %s before its block is freed, and free the block only when nobody can reach it any more: take "
                 "it "
                 "out of its tables first, or count references.",
                 "its memory is freed here", "%s freed the block at %s.", HELD},
        [KIWI_MISUSE_STACK_HELD] = {SEVERITY_CRITICAL, "%s lies on the stack of a thread that ended while it was held",
                                    "The stack is unmapped, or is given to the next thread: the unlock of %s then "
                                    "writes into whatever lies "
                                    "there, and who waits for it is never woken.",
                                    "Let the thread that has %s on its stack outlive all users of it (join them), or "
                                    "put it on the heap with "
                                    "a reference count.",
                                    "%s was taken here",
                                    "%s ended, and its stack with it; the lock had been taken at %s.", HELD},
        [KIWI_MISUSE_EXIT_HELD] =
                {SEVERITY_HIGH, "%s is still held by a thread that has ended",
                 "Nobody can release %s any more: the next thread that locks it waits for good, and one that only "
                 "tries "
                 "never gets it.",
                 "Release %s on every way out of the code that takes it: one common exit, or a scoped guard; and "
                 "pthread_cleanup_push where the thread can be cancelled.",
                 "%s was taken here, for the last time", "%s ended while it held the lock, which it had taken at %s.",
                 HELD},
        [KIWI_MISUSE_FORK_HELD] =
                {SEVERITY_MEDIUM, "%s was held by another thread when the process forked, and the child goes on",
                 "The child has a copy of %s that is locked for good: its holder exists in the parent only. What the "
                 "lock "
                 "protects may be half changed, and the first call in the child that needs it hangs.",
                 "In the child call nothing but async-signal-safe functions and exec, or use posix_spawn. If the child "
                 "must go on, take %s in a pthread_atfork handler before the fork and release it on both sides after "
                 "it.",
                 "the fork", "%s is the child's thread; it was forked at %s.", FORKED},
        [KIWI_MISUSE_FORK_WANTED] =
                {SEVERITY_CRITICAL, "%s is wanted in a forked child, whose copy of it was locked by another thread",
                 "The holder of %s exists in the parent only, so in the child nobody will ever release it: the child "
                 "hangs there, and whoever waits for the child hangs with it.",
                 "In the child call nothing but async-signal-safe functions and exec, or use posix_spawn. If the child "
                 "must use %s, take it in a pthread_atfork handler before the fork and release it on both sides after "
                 "it.",
                 "%s is wanted here, in the child", "%s, in the child, asked for it at %s.", FORKED},
};

const struct misuse_wording *misuse_wording(uint32_t kind)
{
    return kind < sizeof wordings / sizeof *wordings && wordings[kind].title ? &wordings[kind] : NULL;
}
