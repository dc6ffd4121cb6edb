"""What the kernel tells about a running process: CPU time, memory, and the storage behind its mapped files."""

import os
import time
from pathlib import Path


def cpu_ns(pid):
    """CPU time of all live threads. The scheduler's own count is in nanoseconds, /proc/PID/stat's in clock ticks."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except FileNotFoundError:
            return cpu_ticks_ns(pid)
    return total


def cpu_ticks_ns(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def resident_kib(pid, kinds=("RssAnon", "RssFile", "RssShmem")):
    total = 0
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in kinds:
            total += int(rest.split()[0])
    return total


def file_kib(path):
    """Storage that a file really takes, or 0 if it is gone."""
    try:
        return os.stat(path).st_blocks * 512 // 1024
    except OSError:
        return 0


def shared_files(pid):
    """A path by which each file that the process has mapped shared and writable can be reached, once per file."""
    files = {}
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        fields = line.split(maxsplit=5)
        if fields[1].startswith("rw") and fields[1].endswith("s") and fields[4] != "0":
            reachable = f"/proc/{pid}/map_files/{fields[0]}"  # works for a deleted file too, where it is allowed
            files[fields[3], fields[4]] = reachable if os.access(reachable, os.R_OK) else fields[5]
    return list(files.values())


def trace_kib(pid, directory):
    """Storage of the traces of a process: what it has mapped, and whatever else lies in their directory."""
    mapped = shared_files(pid)
    known = {os.stat(path).st_ino for path in mapped if os.path.exists(path)}
    others = [path for path in Path(directory).iterdir() if path.stat().st_ino not in known]
    return sum(file_kib(path) for path in [*mapped, *others])


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} took longer than {seconds} s")
        time.sleep(0.01)
