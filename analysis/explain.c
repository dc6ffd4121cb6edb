#include "explain.h"

static const char *const decided_texts[FINDING_COUNT] = {
    [FINDING_DEADLOCK] =
        "What it means\n"
        "  Threads wait for each other in a circle: each holds a lock that the next\n"
        "  one wants, or is joined by a thread that it waits for. None of them will\n"
        "  ever go on, and whoever needs one of these locks stops behind them.\n"
        "\n"
        "How it is decided\n"
        "  From the state of every thread when the trace was read or the process\n"
        "  died: what it holds, what it waits for, whose end it waits for. A circle\n"
        "  in there is observed, not guessed (grade G1, confidence High). In a\n"
        "  running process only threads whose state did not change while it was\n"
        "  copied count. Waits with a time limit are not part of it: they end.\n"
        "\n"
        "Innocent look-alikes\n"
        "  Idle workers on a condition variable, threads waiting for a holder that\n"
        "  merely takes long, timed locks. They form no circle and are not reported.\n"
        "  Semaphores and condition variables as links are not followed yet.\n"
        "\n"
        "How to fix it\n"
        "  Give the locks one order and keep to it everywhere; for locks of one kind\n"
        "  the order of their addresses, or std::scoped_lock. Do not join a thread\n"
        "  while holding a lock that it needs. Do not call back into code of others\n"
        "  with a lock held.\n"
        "\n"
        "How to validate\n"
        "  Run the load that hung once more under `kiwi run`; it must end, and\n"
        "  `kiwi report --only=deadlock,lock-order-cycle` must be silent. `kiwi\n"
        "  threads TRACE` shows who holds and wants what.\n",
    [FINDING_LOCK_ORDER_CYCLE] =
        "What it means\n"
        "  One thread takes lock A and then B, another one B and then A (or three\n"
        "  threads go round three locks). The recording went well, but when both are\n"
        "  between their two locks at the same moment they stop for good.\n"
        "\n"
        "How it is decided\n"
        "  Every \"wants this while holding those\" is recorded once per call path.\n"
        "  Circles of them count only if different threads can close them: no lock\n"
        "  is held in common (a gate), neither thread's part lies wholly before the\n"
        "  other's by creation or join, and no step is a trylock or a read lock that\n"
        "  readers share. Locks that nobody else could know of yet do not count, and\n"
        "  a lock at a reused address is a new lock.\n"
        "  Grades: G3 the threads were alive at the same time (confidence High); G4\n"
        "  not known to have been (Medium); G5 one step has a time limit, so it is a\n"
        "  stall and not a deadlock (Low, severity LOW). One thread alone that uses\n"
        "  both orders is not reported.\n"
        "\n"
        "Innocent look-alikes\n"
        "  Order kept by means that no recording shows: a phase flag, a queue or a\n"
        "  condition variable that lets the second thread start after the first is\n"
        "  through. If you rely on that, say so next to the locks.\n"
        "\n"
        "How to fix it\n"
        "  Keep one order; the finding names the rarer one. Or release the first lock\n"
        "  before asking for the second, or take both at once (std::scoped_lock), or\n"
        "  trylock and back off.\n"
        "\n"
        "How to validate\n"
        "  Run it again under the same load; `kiwi report --only=lock-order-cycle`\n"
        "  must be silent. No hang is needed to see it.\n",
    [FINDING_SELF_DEADLOCK] =
        "What it means\n"
        "  A thread locks a normal mutex that it holds already, and so waits for\n"
        "  itself. With a time limit it only loses that time and fails (HIGH).\n"
        "\n"
        "How it is decided\n"
        "  The wrapper sees the owner ask again and notes it before the real call;\n"
        "  and the state of the threads shows one waiting for what it holds itself.\n"
        "\n"
        "Innocent look-alikes\n"
        "  Recursive mutexes let their owner in, error-checking ones return EDEADLK,\n"
        "  trylock returns EBUSY: none is reported. A mutex used as a signal (locked\n"
        "  twice, unlocked by another thread) is reported as HIGH: it happens to\n"
        "  work, but POSIX leaves it undefined.\n"
        "\n"
        "How to fix it\n"
        "  Split the function: an outer one that locks, an inner one that expects the\n"
        "  lock to be held. Look for callbacks and error paths that log, rotate or\n"
        "  notify with the lock held, and for a return without unlock.\n"
        "\n"
        "How to validate\n"
        "  A test that walks this path must end; `kiwi report\n"
        "  --only=self-deadlock` must be silent on its trace.\n",
    [FINDING_UNLOCK_NOT_OWNER] =
        "What it means\n"
        "  A mutex was unlocked by a thread that does not hold it, or while nobody\n"
        "  did. That is undefined: it can let two threads into the section at once.\n"
        "  Where the mutex checks its owner and refused (EPERM), it is MEDIUM.\n"
        "\n"
        "How it is decided\n"
        "  At the unlock, from what this thread and all others hold.\n"
        "\n"
        "Innocent look-alikes\n"
        "  Semaphores may be given back by any thread and are not meant. A mutex\n"
        "  that was locked before recording began is not judged.\n"
        "\n"
        "How to fix it\n"
        "  Release at one place (a common exit or a scoped guard). To hand work to\n"
        "  another thread use a condition variable or a semaphore, not a mutex.\n"
        "\n"
        "How to validate\n"
        "  Walk the same error path under `kiwi run`; `kiwi report\n"
        "  --only=unlock-not-owner` must be silent.\n",
    [FINDING_DESTROY_BUSY] =
        "What it means\n"
        "  A mutex was destroyed while somebody held it, or a condition variable\n"
        "  while threads waited on it. They go on with memory that may be something\n"
        "  else by then.\n"
        "\n"
        "How it is decided\n"
        "  At the destroy call, from what all threads hold and wait for.\n"
        "\n"
        "Innocent look-alikes\n"
        "  Destroying a condition variable right after a broadcast, with the woken\n"
        "  threads still on their way out, is allowed and not reported.\n"
        "\n"
        "How to fix it\n"
        "  Make the last user leave first: join, or count references. Check the\n"
        "  result of the destroy call; EBUSY is this bug.\n"
        "\n"
        "How to validate\n"
        "  Shut down under load under `kiwi run`; `kiwi report --only=destroy-busy`\n"
        "  must be silent.\n",
    [FINDING_LOCK_ACROSS_POLL] =
        "What it means\n"
        "  A thread waits for events (poll, select, epoll_wait) with a lock held.\n"
        "  Everybody who needs the lock waits for a peer to send something.\n"
        "\n"
        "How it is decided\n"
        "  By measurement: calls with a zero timeout, and those that return at once,\n"
        "  do not count. HIGH when other threads waited for the lock meanwhile (5 ms\n"
        "  in all, or 20 ms if only once). MEDIUM when nobody was seen waiting but\n"
        "  other threads used the lock at that time and the waits come to 20 ms and a\n"
        "  hundredth of the recording. LOW when the lock was nobody else's then.\n"
        "\n"
        "Innocent look-alikes\n"
        "  A lock of one thread alone; one wait during start-up.\n"
        "\n"
        "How to fix it\n"
        "  Copy what the call needs, release the lock, wait, take it again to handle\n"
        "  the events.\n"
        "\n"
        "How to validate\n"
        "  Run it again under the same load; `kiwi report --only=lock-across-poll`\n"
        "  must be silent, and waits for the lock in `kiwi threads` must be short.\n",
    [FINDING_LOCK_ACROSS_BLOCK] =
        "What it means\n"
        "  A thread holds a lock while it reads, writes, connects, syncs to disk,\n"
        "  sleeps, joins, or waits on a condition variable of another mutex. The lock\n"
        "  is held for as long as a peer, a disk or a timer likes.\n"
        "\n"
        "How it is decided\n"
        "  By measured time, not by the name of the call. HIGH when other threads\n"
        "  waited for the lock meanwhile (5 ms in all, or 20 ms if only once).\n"
        "  MEDIUM when nobody was seen waiting but other threads used the lock at\n"
        "  that time and the calls waited for 100 ms in all and a hundredth of the\n"
        "  recording. LOW else. Calls that hardly ever wait (a short write under a\n"
        "  log's lock) count only if they do wait again and again for long.\n"
        "\n"
        "Innocent look-alikes\n"
        "  Waiting on a condition variable with its own mutex, which it releases. A\n"
        "  lock whose very purpose is to let one thread at a time write to a file:\n"
        "  HIGH there still means that threads lose time waiting for that file.\n"
        "\n"
        "How to fix it\n"
        "  Copy under the lock, release it, make the call, take it again to store the\n"
        "  result. Give files a lock of their own.\n"
        "\n"
        "How to validate\n"
        "  Run it again under the same load; `kiwi report --only=lock-across-block`\n"
        "  must not show this place.\n",
};

static const char *const undecided_texts[FINDING_COUNT] = {
#define FINDING(enumerator, id, category, severity, title)                                                             \
    [FINDING_##enumerator] =                                                                                           \
        title ".\n\nThis version does not decide it yet: no report contains it, and its absence says\nnothing. The id "  \
              "and its meaning are fixed, so scripts may name it already.\n",
#include "findings.def"
#undef FINDING
};

bool explain_decided(enum finding_id id)
{
    static const bool decided[FINDING_COUNT] = {
#define DECIDES(detector, id) [FINDING_##id] = true,
#include "detectors/detectors.def"
    };

    return decided[id];
}

const char *explain_text(enum finding_id id)
{
    return explain_decided(id) && decided_texts[id] ? decided_texts[id] : undecided_texts[id];
}
