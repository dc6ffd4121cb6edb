"""The table of scenarios: what is measured, in what unit, with which figure to reach."""

from collections.abc import Callable
from dataclasses import dataclass

from . import probes
from .probes import Batches, OneProcessor, Parked
from .servers import CpuTime, Latency, Memcached, Nginx, Redis, memcached_report, memcached_trace
from .variants import JEMALLOC, PROFILERS

UNITS = {"ns": 1, "µs": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "KiB": 1, "MiB": 1024}


@dataclass(frozen=True)
class Target:
    """What libkiwi may cost. `quantity(bare, value)` is compared with `limit`, both shown in `unit` ("" = a ratio)."""

    text: str
    limit: float
    quantity: Callable
    unit: str = ""


def ratio(limit):
    return Target(f"≤ {limit:g}×", limit, lambda bare, value: value / bare)


def added(amount, unit):
    return Target(f"≤ +{amount:g} {unit}", amount, lambda bare, value: (value - bare) / UNITS[unit], unit)


def at_most(amount, unit):
    return Target(f"≤ {amount:g} {unit}", amount, lambda bare, value: value / UNITS[unit], unit)


def factor_and_added(factor, amount, unit):
    return Target(f"≤ {factor:g}× + {amount:g} {unit}", amount,
                  lambda bare, value: (value - factor * bare) / UNITS[unit], unit)


NO_TARGET = Target("", float("inf"), lambda bare, value: value / bare)
LOCK_PEERS = ("TSan", "Helgrind")
HEAP_PEERS = ("heaptrack", "TSan", "Helgrind", *(variant for _, _, variant, _ in PROFILERS))


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    unit: str
    probe: Callable
    target: Target = NO_TARGET
    peers: tuple = ()
    rounds: int | None = None  # in a full run, if not the usual number
    only: tuple | None = None  # variants for which it means anything


def many(depth, *settings, locks=1000, ops=8000):
    return Batches("pair", f"--depth={depth}", "--sites=64", f"--locks={locks}", f"--ops={ops}", *settings)


SCENARIOS = (
    Scenario("pair-d4", "lock pair, depth 4", "ns", Batches("pair", "--depth=4"), ratio(1.6), LOCK_PEERS),
    Scenario("pair-d12", "lock pair, depth 12", "ns", Batches("pair", "--depth=12"), ratio(1.75), LOCK_PEERS),
    Scenario("pair-d4-alone", "lock pair, depth 4, no second thread", "ns",
             Batches("pair", "--depth=4", "--alone=1"), ratio(2.2)),
    Scenario("pair-d12-alone", "lock pair, depth 12, no second thread", "ns",
             Batches("pair", "--depth=12", "--alone=1"), ratio(2.2)),
    Scenario("many-d4", "64 sites × 1,000 locks, depth 4", "ns", many(4), ratio(1.6), LOCK_PEERS),
    Scenario("many-d12", "64 sites × 1,000 locks, depth 12", "ns", many(12), ratio(1.75), LOCK_PEERS),
    Scenario("many-d12-eight", "the same, eight pairs each time a site is entered", "ns", many(12, "--repeat=8"),
             ratio(1.75)),
    Scenario("many-d12-own", "the same, each lock always at the same site", "ns", many(12, ops=1000), ratio(1.75)),
    Scenario("many-d12-shared", "the same, through one common locking function", "ns", many(12, "--shared=1"),
             ratio(1.75)),
    Scenario("nested", "two nested pairs, depth 4", "ns", Batches("nested", "--depth=4"), ratio(1.8), LOCK_PEERS),
    Scenario("nested-d12", "two nested pairs, depth 12", "ns", Batches("nested", "--depth=12"), ratio(1.8)),
    Scenario("std-pair", "std::mutex pair", "ns", Batches("std-pair"), ratio(1.6), LOCK_PEERS),
    Scenario("read-pair", "rwlock pair, reading", "ns", Batches("read-pair"), ratio(1.7), LOCK_PEERS),
    Scenario("write-pair", "rwlock pair, writing", "ns", Batches("write-pair"), ratio(1.7), LOCK_PEERS),
    Scenario("spin-pair", "spinlock pair", "ns", Batches("spin-pair"), ratio(1.7), LOCK_PEERS),
    Scenario("semaphore-pair", "semaphore that is free, wait and post", "ns", Batches("semaphore-pair"), ratio(1.7),
             LOCK_PEERS),
    Scenario("contended", "two threads, one lock, 200 ns section", "ns", Batches("contended", ms=(1000, 300)),
             ratio(1.1), ("TSan",), rounds=21),
    Scenario("contended-16", "the same with 16 threads", "ns",
             Batches("contended", "--contenders=16", ms=(1000, 300)), ratio(1.1), ("TSan",), rounds=21),
    Scenario("contended-gap", "the same, 200 ns between sections", "ns",
             Batches("contended", "--gap-ns=200", ms=(1000, 300)), NO_TARGET),
    Scenario("queue", "producer and consumer, an item", "ns", Batches("queue"), NO_TARGET, LOCK_PEERS),
    Scenario("pingpong", "two threads in turns on one processor", "ns", OneProcessor("pingpong"), NO_TARGET),
    Scenario("pipe", "write and read of a pipe", "ns", Batches("pipe", "--ops=100"), ratio(1.15)),
    Scenario("pipe-nonblocking", "the same, non-blocking", "ns", Batches("pipe", "--ops=100", "--nonblocking=1"),
             ratio(1.1)),
    Scenario("tick", "tick of an event loop: epoll_wait and a non-blocking read", "ns",
             Batches("tick", "--ops=200", "--nonblocking=1"), ratio(1.1)),
    Scenario("poll", "write + epoll_wait + read of a pipe", "ns", Batches("poll", "--ops=100"), NO_TARGET, LOCK_PEERS),
    Scenario("heap-tight", "malloc and free of one block", "ns", Batches("heap-tight"), ratio(1.3), HEAP_PEERS),
    Scenario("heap-live", "malloc and free, 1,000 live blocks", "ns", Batches("heap-live"), ratio(1.2), HEAP_PEERS),
    Scenario("heap-two", "the same in two threads at once", "ns", Batches("heap-live", "--busy=1"), ratio(1.2),
             ("heaptrack",)),
    Scenario("heap-tight-jemalloc", "malloc and free of one block on jemalloc", "ns",
             Batches("heap-tight", allocator=JEMALLOC), ratio(1.3)),
    Scenario("heap-live-jemalloc", "malloc and free on jemalloc, 1,000 live blocks", "ns",
             Batches("heap-live", allocator=JEMALLOC), ratio(1.2)),
    Scenario("heap-exact", "malloc and free with heap=exact, 1,000 live blocks", "ns",
             Batches("heap-live", options="heap=exact"), NO_TARGET, ("heaptrack",)),
    Scenario("heap-exact-two", "the same in two threads at once", "ns",
             Batches("heap-live", "--busy=1", options="heap=exact"), NO_TARGET, ("heaptrack",)),
    Scenario("heap-hot", "the same with hot=, each counted by call path", "ns",
             Batches("heap-live", options="hot=live_batch"), NO_TARGET),
    Scenario("heap-scope", "malloc and free of one block in a scope, each counted by call path", "ns",
             Batches("heap-tight", "--scope=1"), ratio(4)),
    Scenario("heap-scope-live", "the same over 1,000 live blocks", "ns", Batches("heap-live", "--scope=1"), ratio(4)),
    Scenario("heap-memory", "memory with 256 MiB of small blocks", "MiB",
             Parked(256, probes.memory_and_trace, what="heap-held"), factor_and_added(1.05, 16, "MiB"), rounds=3),
    Scenario("memcached", "memcached, CPU time of a request", "µs", CpuTime(Memcached()), ratio(1.03), ("Helgrind",),
             rounds=11),
    Scenario("nginx", "nginx, CPU time of a request", "µs", CpuTime(Nginx("/file"), 4, 1000), ratio(1.03)),
    Scenario("nginx-pipelined", "the same, 16 requests at a time", "µs", CpuTime(Nginx("/", pipelined=True), 4, 1000),
             ratio(1.03)),
    Scenario("nginx-p99", "nginx, 99th percentile of a request", "µs", Latency(Nginx("/file")), ratio(1.05)),
    Scenario("redis", "redis, CPU time of a request", "µs", CpuTime(Redis(), 6, 500), ratio(1.03)),
    Scenario("redis-pipelined", "the same, 16 requests at a time", "µs", CpuTime(Redis(pipelined=True), 6, 500),
             ratio(1.03)),
    Scenario("redis-p99", "redis, 99th percentile of a request", "µs", Latency(Redis()), ratio(1.05)),
    Scenario("start", "start and end of /bin/true", "ms", probes.spawn, added(3, "ms")),
    Scenario("system", 'system(":")', "ms", probes.system_calls, factor_and_added(1.5, 3, "ms")),
    Scenario("threads-memory", "memory with 1,000 threads", "MiB", Parked(1000, probes.memory_and_trace),
             added(100, "MiB"), rounds=3),
    Scenario("descriptors-memory", "memory with 100,000 open descriptors, or as many as allowed", "MiB",
             Parked(100000, probes.memory_and_trace, what="descriptors"), added(16, "MiB"), rounds=3),
    Scenario("idle-trace", "trace of an idle process, on disk", "KiB",
             Parked(0, probes.trace_only, place=lambda settings: settings.programs), at_most(1024, "KiB"), rounds=1,
             only=("libkiwi",)),
    Scenario("memcached-trace", "trace of memcached under load", "MiB", memcached_trace, at_most(64, "MiB"),
             rounds=1, only=("libkiwi",)),
    Scenario("report", "kiwi report on memcached's trace", "ms", memcached_report, at_most(1000, "ms"), rounds=3,
             only=("libkiwi",)),
)
