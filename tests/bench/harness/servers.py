"""Servers under a load of their own kind: CPU time of a request, and how long the slowest hundredth takes."""

import contextlib
import os
import re
import resource
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import process
from .probes import FAILURES, RUN_SECONDS, Sample, Settings, answers, check_trace, free_port, result_fields
from .stats import median
from .variants import Scratch

CONNECTIONS = 16
FILE_LIMIT = 1024  # memcached sets both limits to what -c says; valgrind refuses any but the soft one it began with
WARM_UP_MS = 1000  # after that, a loop has had the 4,096 ticks in which each allocation is counted by call path
PIPELINE = 16  # requests on the way at a time on each connection
UNITS_NS = {"us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}

NGINX = """daemon off; pid {place}/pid; error_log stderr crit; worker_processes 1; user {user};
events {{ worker_connections 256; }}
http {{
    access_log off; keepalive_requests 100000000;
    client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;
    server {{ listen 127.0.0.1:{port}; location / {{ return 200 "hello\\n"; }} location /file {{ root {place}; }} }}
}}
"""
WRK = """init = function(arguments)
    local requests = {{}}
    for i = 1, {depth} do requests[i] = wrk.format(nil, "{path}") end
    all = table.concat(requests)
end
request = function() return all end
"""


def where(command):
    """Servers lie in sbin, which is not on everybody's PATH."""
    path = shutil.which(command, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))
    if path is None:
        raise RuntimeError(f"{command} is not installed")
    return path


def family_cpu_ns(pid):
    """CPU time of a process and its children."""
    members = [pid]
    with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
        members += [int(child) for child in children.read().split()]
    return sum(process.cpu_ns(member) for member in members)


@dataclass(frozen=True)
class Load:
    """What a load generator did: how many requests were answered, and the 99th percentile of the time they took
    if it measures that."""

    requests: float
    p99_ns: float | None = None


def run_load(command, cpu):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=RUN_SECONDS,
                            check=False, preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
    if result.returncode != 0:
        raise RuntimeError(f"{command[0]}: {(result.stderr or result.stdout).strip()[-300:]}")
    return result.stdout


class Nginx:
    """One worker, asked for a page by wrk: a small file, or words from its configuration."""

    def __init__(self, path, pipelined=False):
        self.path = path
        self.depth = PIPELINE if pipelined else 1

    def command(self, place, port):
        user = "root" if os.getuid() == 0 else "nobody"
        (place / "file").write_text("x" * 2000)
        (place / "nginx.conf").write_text(NGINX.format(place=place, port=port, user=user))
        (place / "load.lua").write_text(WRK.format(depth=self.depth, path=self.path))
        return [where("nginx"), "-p", place, "-c", place / "nginx.conf"]

    def load(self, at, milliseconds):
        printed = run_load([where("wrk"), "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(milliseconds / 1000))}s",
                            "--latency", "-s", at.place / "load.lua", f"http://127.0.0.1:{at.port}{self.path}"], at.cpu)
        if "Non-2xx" in printed or "Socket errors" in printed:
            raise RuntimeError(f"wrk: {printed.strip()[-300:]}")
        requests = int(re.search(r"(\d+) requests in", printed).group(1))
        p99, unit = re.search(r"99%\s+([0-9.]+)(us|ms|s)", printed).groups()
        return Load(requests, float(p99) * UNITS_NS[unit])


class Redis:
    """Asked for one key by redis-benchmark."""

    def __init__(self, pipelined=False):
        self.depth = PIPELINE if pipelined else 1

    def command(self, place, port):
        return [where("redis-server"), "--port", port, "--bind", "127.0.0.1", "--dir", place, "--save", "",
                "--appendonly", "no"]

    def load(self, at, milliseconds):
        requests = max(2000, 200 * milliseconds) * (6 if self.depth > 1 else 1)
        printed = run_load([where("redis-benchmark"), "-h", "127.0.0.1", "-p", at.port, "-c", CONNECTIONS, "-n",
                            requests, "-P", self.depth, "-t", "get", "--csv"], at.cpu)
        names, figures = ([field.strip('"') for field in line.split(",")] for line in printed.splitlines()[-2:])
        return Load(requests, float(figures[names.index("p99_latency_ms")]) * UNITS_NS["ms"])


class Memcached:
    """Asked for keys, and now and then given one, by the load generator beside these scripts."""

    def command(self, _, port):
        user = ["-u", "root"] if os.getuid() == 0 else []
        return [where("memcached"), "-l", "127.0.0.1", "-p", port, "-U", "0", "-t", "4", "-c", FILE_LIMIT, *user]

    def load(self, at, milliseconds):
        printed = run_load([at.settings.programs / "mc_load", at.port, CONNECTIONS, 100 * milliseconds, at.cpu], at.cpu)
        return Load(result_fields(printed)["requests"])


@dataclass(frozen=True)
class Running:
    """A server that runs, and where its load does."""

    server: object
    settings: Settings
    place: Path
    port: int
    pid: int
    cpu: int

    def load(self, milliseconds):
        return self.server.load(self, milliseconds)

    def request_ns(self, milliseconds):
        """CPU time of a request under so much of the load."""
        begin_ns = family_cpu_ns(self.pid)
        requests = self.load(milliseconds).requests
        return (family_cpu_ns(self.pid) - begin_ns) / requests


@contextlib.contextmanager
def running(server, settings, variant, traces, load_cpu=None):
    """The server, warmed up, on one processor until the end of the block; what is recorded lies in `traces`."""
    port = free_port()

    def prepare():  # here and not by taskset and prlimit, which would be recorded as well
        os.sched_setaffinity(0, {settings.cpu})
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILE_LIMIT, 2 * FILE_LIMIT))

    with Scratch() as place:
        child = subprocess.Popen(variant.command(server.command(place, port), traces),
                                 env=variant.surroundings(traces), stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, preexec_fn=prepare)
        try:
            process.wait_until(lambda: child.poll() is not None or answers(port), 60, "the start of the server")
            at = Running(server, settings, place, port, child.pid, settings.cpu if load_cpu is None else load_cpu)
            at.load(20 if variant.slow else settings.milliseconds(WARM_UP_MS, 100))
            check_trace(variant, traces)
            yield at
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(timeout=RUN_SECONDS)


@contextlib.contextmanager
def blamed(name, found):
    """What goes wrong in the block is what was found of this variant."""
    try:
        yield
    except FAILURES as error:
        found[name] = error


class CpuTime:
    """
    The server's CPU time of a request, it and the load on one processor: their speed does not matter then.

    The servers of several variants run at the same time and get the load in turns, a portion each: what the machine
    does to a request changes within seconds by more than what is measured. The sample is the median portion.
    """

    def __init__(self, server, portions=10, portion_ms=200):
        self.server = server
        self.portions = portions
        self.portion_ms = portion_ms

    def __call__(self, settings, variant):
        sample = self.together(settings, [variant])[variant.name]
        if isinstance(sample, Exception):
            raise sample
        return sample

    def together(self, settings, variants):
        """The samples by the names of the variants; for one that failed, why."""
        found, servers, portions = {}, {}, {}
        slow = any(variant.slow for variant in variants)
        with contextlib.ExitStack() as stack:
            for variant in variants:
                with blamed(variant.name, found):
                    traces = stack.enter_context(Scratch())
                    servers[variant.name] = stack.enter_context(running(self.server, settings, variant, traces))
            names = list(servers)
            for turn in range(1 if slow else settings.milliseconds(self.portions, 2)):
                for name in names[turn % len(names):] + names[:turn % len(names)] if names else []:
                    with blamed(name, found):
                        portions.setdefault(name, []).append(servers[name].request_ns(20 if slow else self.portion_ms))
        for name, values in portions.items():
            found.setdefault(name, Sample(median(values), median(values)))
        return found


class Latency:
    """The 99th percentile of how long a request takes, the load on a processor of its own."""

    def __init__(self, server):
        self.server = server

    def __call__(self, settings, variant):
        with Scratch() as traces, running(self.server, settings, variant, traces, settings.peer_cpu) as at:
            return Sample(at.load(settings.milliseconds(2000, 1000)).p99_ns)


def memcached_trace(settings, variant):
    """Storage of memcached's trace after the load."""
    with Scratch() as traces:
        with running(Memcached(), settings, variant, traces) as at:
            at.load(settings.milliseconds(500, 150))
        return Sample(sum(process.file_kib(path) for path in traces.iterdir()))


def memcached_report(settings, variant):
    """`kiwi report` on memcached's trace, symbols and all. Its exit status says what it found, 2 that it could not."""
    kiwi = settings.build / "kiwi"
    if not kiwi.exists():
        raise RuntimeError(f"{kiwi} is not built")
    with Scratch() as traces:
        with running(Memcached(), settings, variant, traces) as at:
            at.load(150)
        begin = time.perf_counter_ns()
        result = subprocess.run([str(kiwi), "report", *map(str, traces.iterdir())], capture_output=True, text=True,
                                timeout=RUN_SECONDS, check=False)
        spent_ns = time.perf_counter_ns() - begin
    if result.returncode not in (0, 1):
        raise RuntimeError(f"kiwi report: {result.stderr.strip()[-300:]}")
    return Sample(spent_ns)
