"""Medians and their uncertainty, from a handful of rounds."""

import random
from dataclasses import dataclass

RESAMPLES = 4000


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


@dataclass(frozen=True)
class Estimate:
    """A median with its 95 % interval and the range of what was seen."""

    median: float
    low: float
    high: float
    least: float
    most: float


def estimate(values):
    """Percentile bootstrap of the median. The generator is seeded: the same samples give the same interval."""
    generator = random.Random(len(values))
    resampled = sorted(median(generator.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return Estimate(median(values), resampled[int(RESAMPLES * 0.025)], resampled[int(RESAMPLES * 0.975) - 1],
                    min(values), max(values))
