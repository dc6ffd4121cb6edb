"""What a scenario runs under: nothing, a preload that does nothing, libkiwi, and the tools people use today."""

import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

# Left over from the caller's shell they would change what is measured.
HIDDEN = ("LD_PRELOAD", "KIWI_OPTIONS", "BENCH_PRELOAD", "MALLOC_CONF", "GLIBC_TUNABLES", "MALLOC_ARENA_MAX",
          "HEAPPROFILE")


LIBRARIES = Path("/usr/lib/x86_64-linux-gnu")
JEMALLOC = LIBRARIES / "libjemalloc.so.2"
TCMALLOC = LIBRARIES / "libtcmalloc.so.4"


@dataclass(frozen=True)
class Variant:
    """One way to run a program. `prefix` stands before the command; `{scratch}` in it, and in the values of
    `environment`, is the run's own directory."""

    name: str
    preload: Path | None = None
    prefix: tuple = ()
    sanitized: bool = False  # runs the build with -fsanitize=thread
    environment: dict = field(default_factory=dict)
    rounds: int | None = None  # takes part in this many rounds only, None = all
    slow: bool = False  # a thousand times slower: gets tiny batches
    records: bool = False  # must leave a trace behind

    def command(self, arguments, scratch):
        return [part.format(scratch=scratch) for part in self.prefix] + [str(argument) for argument in arguments]

    def surroundings(self, scratch, preload_name="LD_PRELOAD", options="", allocator=None):
        """The environment of a run whose files go into `scratch`; `options` are recording options, `allocator` a
        library that is preloaded behind the variant's own."""
        surroundings = {name: value for name, value in os.environ.items() if name not in HIDDEN}
        surroundings.update({name: value.format(scratch=scratch) for name, value in self.environment.items()})
        surroundings["KIWI_OPTIONS"] = ":".join(filter(None, (f"out={scratch}/%e.%p.trace", options)))
        preloads = [str(library) for library in (self.preload, allocator) if library is not None]
        if preloads:
            surroundings[preload_name] = ":".join(preloads)
        return surroundings


def fast_memory():
    """The tmpfs where traces are written, so that a disk's writeback is not measured."""
    for place in ("/dev/shm", tempfile.gettempdir()):
        if os.access(place, os.W_OK | os.X_OK):
            return place
    return "."


class Scratch:
    """A directory for the files of one run, removed with them at its end."""

    def __init__(self, place=None):
        self.place = place or fast_memory()

    def __enter__(self):
        self.path = Path(tempfile.mkdtemp(prefix="kiwi-bench.", dir=self.place))
        return self.path

    def __exit__(self, *unused):
        shutil.rmtree(self.path, ignore_errors=True)


# Allocators by themselves, and with the profilers that they bring along: jemalloc's takes a sample every 512 KiB,
# tcmalloc's takes each block.
PROFILERS = (
    (JEMALLOC, "libjemalloc2", "jemalloc", {}),
    (JEMALLOC, "libjemalloc2", "jemalloc's profiler", {"MALLOC_CONF": "prof:true,prof_prefix:{scratch}/jeprof"}),
    (TCMALLOC, "libgoogle-perftools4", "tcmalloc", {}),
    (TCMALLOC, "libgoogle-perftools4", "tcmalloc's profiler", {"HEAPPROFILE": "{scratch}/tcprof"}),
)


def all_variants(build):
    """Every variant that can run on this machine, the fast ones first, and what is missing."""
    bench = build / "bench"
    variants = [Variant("bare"), Variant("no-op", preload=bench / "noop_preload.so")]
    missing = []
    library = build / "libkiwi.so"
    if library.exists():
        variants.append(Variant("libkiwi", preload=library.resolve(), records=True))
    else:
        missing.append(f"libkiwi ({library} is not built)")
    variants.append(Variant("bare again"))
    if (bench / "bench-tsan").exists():
        # Its shadow memory collides with a randomised address space on newer kernels.
        variants.append(Variant("TSan", prefix=("setarch", "-R"), sanitized=True, rounds=3,
                                environment={"TSAN_OPTIONS": "report_bugs=0"}))
    else:
        missing.append("TSan (the compiler has no -fsanitize=thread)")
    if shutil.which("valgrind"):
        variants.append(Variant("Helgrind", prefix=("valgrind", "--tool=helgrind", "-q", "--log-file=/dev/null"),
                                rounds=1, slow=True))
    else:
        missing.append("Helgrind (valgrind is not installed)")
    if shutil.which("heaptrack"):
        variants.append(Variant("heaptrack", prefix=("heaptrack", "-o", "{scratch}/heap"), rounds=3))
    else:
        missing.append("heaptrack (not installed)")
    for library, package, variant, environment in PROFILERS:
        if library.exists():
            variants.append(Variant(variant, preload=library, environment=environment, rounds=3))
        else:
            missing.append(f"{variant} ({package} is not installed)")
    return variants, missing
