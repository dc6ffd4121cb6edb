"""How one figure is got: each probe runs one program under one variant and returns a Sample."""

import os
import re
import resource
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import process
from .variants import Scratch

RUN_SECONDS = 120
FILE_LIMIT = 1024  # memcached sets both limits to what -c says; valgrind refuses any but the soft one it began with


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


def run_bench(settings, variant, arguments, preload_name="LD_PRELOAD", options=""):
    """Runs the bench program and returns the fields of its result line."""
    program = settings.programs / ("bench-tsan" if variant.sanitized else "bench")
    with Scratch() as scratch:
        command = variant.command([program, *arguments], scratch)
        result = subprocess.run(command, env=variant.surroundings(scratch, preload_name, options), stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, timeout=RUN_SECONDS, check=False)
        if result.returncode != 0:
            raise RuntimeError(f"exit status {result.returncode}: {(result.stderr or result.stdout).strip()[-300:]}")
        check_trace(variant, scratch)
    return result_fields(result.stdout)


class Batches:
    """A scenario of the bench program: wall time of the median batch, CPU time of the whole process."""

    def __init__(self, name, *arguments, ms=(200, 60), field="wall_ns", options=""):
        self.name = name
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
        fields = run_bench(settings, variant, arguments, options=self.options)
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


def load(settings, port, requests):
    """Sends the requests and returns how many memcached had to answer."""
    command = [settings.programs / "mc_load", port, 16, requests, settings.cpu]
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=RUN_SECONDS,
                            check=False)
    if result.returncode != 0:
        raise RuntimeError(result.stderr.strip())
    return result_fields(result.stdout)["requests"]


def serve(settings, variant, scratch, requests):
    """Runs memcached with four worker threads, it and the load on one processor; returns CPU time per request, ns."""
    port = free_port()
    user = ["-u", "root"] if os.getuid() == 0 else []
    server_command = ["memcached", "-l", "127.0.0.1", "-p", port, "-U", "0", "-t", "4", "-c", FILE_LIMIT, *user]

    def prepare():  # here and not by taskset and prlimit, which would be recorded as well
        os.sched_setaffinity(0, {settings.cpu})
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILE_LIMIT, 2 * FILE_LIMIT))

    server = subprocess.Popen(variant.command(server_command, scratch), env=variant.surroundings(scratch),
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=prepare)
    try:
        process.wait_until(lambda: server.poll() is not None or answers(port), 60, "the start of memcached")
        load(settings, port, min(requests, 2000))
        begin_ns = process.cpu_ns(server.pid)
        answered = load(settings, port, requests)
        spent_ns = process.cpu_ns(server.pid) - begin_ns
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=RUN_SECONDS)
    check_trace(variant, scratch)
    return spent_ns / answered


def memcached(settings, variant):
    with Scratch() as scratch:
        requests = 2000 if variant.slow else settings.milliseconds(200000, 15000)
        per_request_ns = serve(settings, variant, scratch, requests)
        return Sample(per_request_ns, per_request_ns)


def memcached_trace(settings, variant):
    """Storage of memcached's trace after the load."""
    with Scratch() as scratch:
        serve(settings, variant, scratch, settings.milliseconds(50000, 15000))
        return Sample(sum(process.file_kib(path) for path in scratch.iterdir()))


def report(settings, variant):
    """`kiwi report` on memcached's trace, symbols and all. Its exit status says what it found, 2 that it could not."""
    kiwi = settings.build / "kiwi"
    if not kiwi.exists():
        raise RuntimeError(f"{kiwi} is not built")
    with Scratch() as scratch:
        serve(settings, variant, scratch, 15000)
        traces = [str(path) for path in scratch.iterdir()]
        begin = time.perf_counter_ns()
        result = subprocess.run([str(kiwi), "report", *traces], capture_output=True, text=True, timeout=RUN_SECONDS,
                                check=False)
        spent_ns = time.perf_counter_ns() - begin
    if result.returncode not in (0, 1):
        raise RuntimeError(f"kiwi report: {result.stderr.strip()[-300:]}")
    return Sample(spent_ns)
