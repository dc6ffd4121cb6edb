"""The results as a Markdown table for people and as JSON for programs."""

import datetime
import json
import platform
import subprocess
from pathlib import Path

from .scenarios import UNITS
from .stats import estimate

COLUMNS = ("scenario", "bare", "no-op", "libkiwi", "libkiwi : bare [95 %]", "CPU", "noise", "target", "",
           "others : bare")


def first_line(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "unknown"


def machine():
    """What the figures were measured on."""
    processors = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")]
    return {
        "processor": f"{len(processors)} × {processors[0] if processors else platform.machine()}",
        "kernel": platform.release(),
        "libc": " ".join(platform.libc_ver()),
        "compiler": first_line(["gcc", "--version"]),
        "load": Path("/proc/loadavg").read_text().split()[0],
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
    }


def amount(value, unit):
    scaled = value / UNITS[unit]
    return f"{scaled:.0f}" if scaled >= 1000 else f"{scaled:.3g}" if scaled >= 100 else f"{scaled:.2f}"


def value_cell(outcome, variant):
    values = outcome.values(variant)
    if not values:
        return "failed" if variant in outcome.failures else ""
    found = estimate(values)
    unit = outcome.scenario.unit
    if len(values) == 1:
        return f"{amount(found.median, unit)} {unit}"
    return f"{amount(found.median, unit)} {unit} ({amount(found.least, unit)}–{amount(found.most, unit)})"


def quantity_cell(found, unit):
    """A ratio as `1.42 [1.40–1.44]`, a difference with its sign and unit."""
    if found is None:
        return ""
    if unit:
        return f"{found.median:+.3g} {unit} [{found.low:+.3g}–{found.high:+.3g}]"
    return f"{found.median:.3f} [{found.low:.3f}–{found.high:.3f}]"


def factor(value):
    return f"{value:.0f}×" if value >= 20 else f"{value:.1f}×" if value >= 2 else f"{value:.2f}×"


def divided(bare, value):
    return value / bare


def cpu_cell(outcome):
    found = outcome.compared("libkiwi", divided, get=lambda sample: sample.cpu)
    return f"{found.median:.3f}" if found else ""


def noise_cell(outcome):
    """How far bare is from bare in the same rounds, and the widest that was seen."""
    found = outcome.compared("bare again", divided)
    return f"{found.median:.3f} ({found.least:.2f}–{found.most:.2f})" if found else ""


def peers_cell(outcome):
    cells = []
    for name in outcome.scenario.peers:
        found = outcome.compared(name, divided)
        if found:
            cells.append(f"{name} {factor(found.median)}")
        elif name in outcome.failures:
            cells.append(f"{name} failed")
    return ", ".join(cells)


def main_cell(outcome):
    """Against the target where the target isn't a ratio, else the ratio."""
    target = outcome.scenario.target
    found = outcome.against_target()
    if outcome.scenario.only is not None:
        return f"{found.median:.4g} {target.unit}" if found else ""
    cell = quantity_cell(outcome.compared("libkiwi", divided), "")
    if target.unit and found:
        bare_difference = outcome.compared("libkiwi", lambda bare, value: (value - bare) / UNITS[target.unit])
        cell = quantity_cell(bare_difference, target.unit)
    return cell


def row(outcome):
    scenario = outcome.scenario
    cells = [f"{scenario.title} (`{scenario.name}`)", *(value_cell(outcome, name) for name in COLUMNS[1:4]),
             main_cell(outcome), cpu_cell(outcome), noise_cell(outcome), scenario.target.text, outcome.mark(),
             peers_cell(outcome)]
    return "| " + " | ".join(cells) + " |"


def table_head():
    return ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]


def failures(outcomes):
    return [f"* `{outcome.scenario.name}` under {variant}: {' '.join(reason.split())}"
            for outcome in outcomes for variant, reason in outcome.failures.items()]


def write_json(path, outcomes, about):
    """Raises OSError if the file can't be written."""
    document = {"schema": "kiwi-bench/1", **about, "scenarios": [
        {
            "name": outcome.scenario.name,
            "title": outcome.scenario.title,
            "base_unit": "KiB" if outcome.scenario.unit in ("KiB", "MiB") else "ns",
            "target": outcome.scenario.target.text,
            "result": outcome.mark(),
            "rounds": outcome.rounds,
            "samples": {variant: [None if sample is None else {"value": sample.value, "cpu": sample.cpu}
                                  for sample in samples] for variant, samples in outcome.samples.items()},
            "failures": outcome.failures,
        } for outcome in outcomes]}
    Path(path).write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
