"""Builds the benchmark programs. Their flags belong to the measurement, so they are here and not in the Makefile."""

import os
import subprocess
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent

# -O2 as services are built: no frame pointers, but every call a real frame.
FLAGS = ["-D_GNU_SOURCE=1", "-O2", "-g", "-Wall", "-Wextra", "-fomit-frame-pointer",
         "-fno-optimize-sibling-calls"]
PRELOAD_FLAGS = ["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-g", "-Wall", "-Wextra", "-fPIC", "-fno-plt", "-fno-builtin",
                 "-shared", "-Wl,-z,now"]
BENCH = ["bench.c", "settings.c", "measure.c", "paths.c", "locks.c", "contended.c", "queue.c", "polls.c", "heap.c",
         "process.c", "kinds.c", "kinds_cxx.cpp", "-lstdc++"]

PROGRAMS = {
    "bench": (FLAGS, BENCH),
    "bench-tsan": (FLAGS + ["-fsanitize=thread"], BENCH),
    "mc_load": (FLAGS, ["mc_load.c", "measure.c"]),
    "noop_preload.so": (PRELOAD_FLAGS, ["noop_preload.c"]),
}
OPTIONAL = {"bench-tsan"}


def newest_source():
    return max(path.stat().st_mtime for path in [*SOURCES.glob("*.[ch]"), *SOURCES.glob("*.cpp"), Path(__file__)])


def build_programs(build):
    """Builds what is older than its sources into build/bench; ends with a message if a program can't be built."""
    directory = build / "bench"
    directory.mkdir(parents=True, exist_ok=True)
    compiler = os.environ.get("CC", "gcc").split()
    newest = newest_source()
    for name, (flags, sources) in PROGRAMS.items():
        target = directory / name
        if target.exists() and target.stat().st_mtime > newest:
            continue
        fresh = directory / f"{name}.{os.getpid()}"
        inputs = (source if source.startswith("-") else str(SOURCES / source) for source in sources)
        command = [*compiler, *flags, *inputs, "-o", str(fresh)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode == 0:
            fresh.replace(target)
            continue
        target.unlink(missing_ok=True)
        if name not in OPTIONAL:
            raise SystemExit(f"bench: cannot build {name}:\n{result.stderr}")
    return directory
