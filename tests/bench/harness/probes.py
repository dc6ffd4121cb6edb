"""How one figure is got: each probe runs one program under one variant and returns a Sample."""

import os
import re
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import process
from .variants import Scratch

RUN_SECONDS = 120
FAILURES = (RuntimeError, OSError, KeyError, ValueError, subprocess.TimeoutExpired)


@dataclass(frozen=True)
class Sample:
    """`value` is in the scenario's base unit: ns per operation, or KiB. `cpu` is CPU time in ns per operation."""

    value: float
    cpu: float | None = None


@dataclass(frozen=True)
class Settings:
    """What holds for a whole run of the benchmarks."""

    build: Path
    cpus: tuple
    quick: bool = False

    @property
    def programs(self):
        return self.build / "bench"

    @property
    def cpu(self):
        return self.cpus[0]

    @property
    def peer_cpu(self):
        return self.cpus[-1]

    def milliseconds(self, full, quick):
        return quick if self.quick else full


def check_trace(variant, scratch):
    """A libkiwi that records nothing is fast, and proves nothing."""
    if variant.records and not any(scratch.iterdir()):
        raise RuntimeError("libkiwi wrote no trace")


def result_fields(text):
    return {name: float(value) for name, value in re.findall(r"(\w+)=([0-9.]+)", text)}


def run_bench(settings, variant, arguments, preload_name="LD_PRELOAD", options="", allocator=None):
    """Runs the bench program and returns the fields of its result line."""
    program = settings.programs / ("bench-tsan" if variant.sanitized else "bench")
    with Scratch() as scratch:
        command = variant.command([program, *arguments], scratch)
        environment = variant.surroundings(scratch, preload_name, options, allocator)
        result = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=RUN_SECONDS, check=False)
        if result.returncode != 0:
            raise RuntimeError(f"exit status {result.returncode}: {(result.stderr or result.stdout).strip()[-300:]}")
        check_trace(variant, scratch)
    return result_fields(result.stdout)


class Batches:
    """A scenario of the bench program: wall time of the median batch, CPU time of the whole process."""

    def __init__(self, name, *arguments, ms=(200, 60), field="wall_ns", options="", allocator=None):
        self.name = name
        self.allocator = allocator
        self.arguments = arguments
        self.ms = ms
        self.field = field
        self.options = options

    def __call__(self, settings, variant):
        arguments = [self.name, f"--cpu={settings.cpu}", *self.arguments]
        if not any(argument.startswith("--peer-cpu") for argument in self.arguments):
            arguments.append(f"--peer-cpu={settings.peer_cpu}")
        if variant.slow:
            arguments.append("--batches=3")
        arguments.append(f"--ms={settings.milliseconds(*self.ms)}")
        if self.allocator and not self.allocator.exists():
            raise RuntimeError(f"{self.allocator.name} is not installed")
        fields = run_bench(settings, variant, arguments, options=self.options, allocator=self.allocator)
        return Sample(fields[self.field], fields["cpu_ns"])


class OneProcessor(Batches):
    """The same with both threads on one processor: what depends on placement is gone."""

    def __call__(self, settings, variant):
        alone = Settings(settings.build, settings.cpus[:1], settings.quick)
        return super().__call__(alone, variant)


def spawn(settings, variant):
    """fork, exec and end of /bin/true. The process that measures stays bare."""
    runs = settings.milliseconds(100, 30)
    fields = run_bench(settings, variant, ["spawn", f"--batches={runs}", f"--cpu={settings.cpu}"],
                       preload_name="BENCH_PRELOAD")
    return Sample(fields["wall_ns"], fields["cpu_ns"])


def system_calls(settings, variant):
    """200 times system(":"): the mean, since it is the sum that a shell script waits for."""
    calls = settings.milliseconds(200, 50)
    fields = run_bench(settings, variant, ["system", f"--batches={calls}", f"--cpu={settings.cpu}"])
    return Sample(fields["mean_ns"], fields["cpu_ns"])


class Parked:
    """A process that sleeps, while `look` reads a figure off it: its threads have each taken a lock ("park"), or it has
    used each of as many descriptors ("descriptors")."""

    def __init__(self, count, look, place=None, what="park"):
        self.count = count
        self.look = look
        self.place = place
        self.what = what

    def __call__(self, settings, variant):
        with Scratch(self.place(settings) if self.place else None) as scratch:
            command = variant.command([settings.programs / "bench", self.what, f"--threads={self.count}"], scratch)
            with subprocess.Popen(command, env=variant.surroundings(scratch), stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True) as parked:
                try:
                    if parked.stdout.readline() != "ready\n":
                        raise RuntimeError("it could not be started")
                    check_trace(variant, scratch)
                    return Sample(self.look(parked.pid, scratch))
                finally:
                    parked.stdin.close()


def memory_and_trace(pid, scratch):
    """Memory of the process's own, plus the whole trace: on a tmpfs its storage is memory, resident or not."""
    return process.resident_kib(pid, ("RssAnon", "RssFile")) + process.trace_kib(pid, scratch)


def trace_only(pid, scratch):
    time.sleep(0.2)
    return process.trace_kib(pid, scratch)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False
