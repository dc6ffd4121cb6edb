"""Servers under a load of their own kind: CPU time of a request, and how long the slowest hundredth takes."""

import contextlib
import os
import re
import resource
import shutil
import signal
import subprocess
from dataclasses import dataclass

from . import process
from .probes import FILE_LIMIT, RUN_SECONDS, Sample, answers, check_trace, free_port
from .variants import Scratch

CONNECTIONS = 16
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
    """What a load generator did: how many requests were answered, and the 99th percentile of the time they took."""

    requests: float
    p99_ns: float


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

    def load(self, place, port, milliseconds, cpu):
        printed = run_load([where("wrk"), "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(milliseconds / 1000))}s",
                            "--latency", "-s", place / "load.lua", f"http://127.0.0.1:{port}{self.path}"], cpu)
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

    def load(self, place, port, milliseconds, cpu):
        requests = max(2000, 30 * milliseconds) * (6 if self.depth > 1 else 1)
        printed = run_load([where("redis-benchmark"), "-h", "127.0.0.1", "-p", port, "-c", CONNECTIONS, "-n", requests,
                            "-P", self.depth, "-t", "get", "--csv"], cpu)
        names, figures = ([field.strip('"') for field in line.split(",")] for line in printed.splitlines()[-2:])
        return Load(requests, float(figures[names.index("p99_latency_ms")]) * UNITS_NS["ms"])


def serve(server, settings, variant, look, cpu):
    """Runs the server, warms it up, and returns what `look(pid, load)` makes of the load that follows."""
    port = free_port()

    def prepare():
        os.sched_setaffinity(0, {settings.cpu})
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILE_LIMIT, FILE_LIMIT))

    with Scratch() as place, Scratch() as traces:
        running = subprocess.Popen(variant.command(server.command(place, port), traces),
                                   env=variant.surroundings(traces), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, preexec_fn=prepare)
        try:
            process.wait_until(lambda: running.poll() is not None or answers(port), 60, "the start of the server")
            server.load(place, port, 100, cpu)
            return look(running.pid, lambda: server.load(place, port, settings.milliseconds(2000, 1000), cpu))
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(timeout=RUN_SECONDS)
            check_trace(variant, traces)


class CpuTime:
    """The server's CPU time of a request, it and the load on one processor: their speed does not matter then."""

    def __init__(self, server):
        self.server = server

    def __call__(self, settings, variant):
        def look(pid, load):
            begin_ns = family_cpu_ns(pid)
            requests = load().requests
            per_request_ns = (family_cpu_ns(pid) - begin_ns) / requests
            return Sample(per_request_ns, per_request_ns)

        return serve(self.server, settings, variant, look, settings.cpu)


class Latency:
    """The 99th percentile of how long a request takes, the load on a processor of its own."""

    def __init__(self, server):
        self.server = server

    def __call__(self, settings, variant):
        return serve(self.server, settings, variant, lambda pid, load: Sample(load().p99_ns), settings.peer_cpu)
