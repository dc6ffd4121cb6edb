"""Runs a scenario in rounds: in each, the variants take turns, and another one begins."""

from dataclasses import dataclass, field
from subprocess import TimeoutExpired

from .probes import FAILURES
from .scenarios import Scenario
from .stats import Estimate, estimate


@dataclass
class Outcome:
    """The samples of one scenario by variant and round (None where a variant had no turn or failed)."""

    scenario: Scenario
    rounds: int
    samples: dict = field(default_factory=dict)
    failures: dict = field(default_factory=dict)

    def values(self, variant):
        return [sample.value for sample in self.samples.get(variant, []) if sample is not None]

    def compared(self, variant, quantity, base="bare", get=lambda sample: sample.value):
        """Estimate of quantity(base, variant) over the rounds that have both, or None."""
        mine = self.samples.get(variant, [])
        others = self.samples.get(base) or [None] * len(mine)
        pairs = [(get(other), get(sample)) for other, sample in zip(others, mine)
                 if sample is not None and other is not None and get(other) and get(sample)]
        return estimate([quantity(*pair) for pair in pairs]) if pairs else None

    def against_target(self) -> Estimate | None:
        target = self.scenario.target
        if self.scenario.only is not None:
            values = self.values("libkiwi")
            return estimate([target.quantity(0, value) for value in values]) if values else None
        return self.compared("libkiwi", target.quantity)

    def mark(self):
        """ok or over by the median; a question mark where the 95 % interval leaves it open."""
        found = self.against_target()
        if found is None or not self.scenario.target.text:
            return ""
        limit = self.scenario.target.limit
        word = "ok" if found.median <= limit else "over"
        return word + (" ?" if found.low <= limit < found.high else "")


def takes_part(scenario, variant):
    if scenario.only is not None:
        return variant.name in scenario.only
    return variant.rounds is None or variant.name in scenario.peers


def take_samples(probe, settings, variants):
    """The samples of one round by the names of the variants; for one that failed, why. A probe that can measure
    variants together does so with all that take part in every round."""
    side_by_side = getattr(probe, "together", None)
    together = [variant for variant in variants if side_by_side and variant.rounds is None]
    found = {}
    if together:
        try:
            found.update(side_by_side(settings, together))
        except FAILURES as error:
            found.update({variant.name: error for variant in together})
    for variant in variants:
        if variant not in together:
            try:
                found[variant.name] = probe(settings, variant)
            except FAILURES as error:
                found[variant.name] = error
    return found


def told(error):
    if isinstance(error, TimeoutExpired):
        return f"no end after {error.timeout:g} s"
    return str(error) or repr(error)


def run_rounds(scenario, variants, settings, rounds):
    """Measures one scenario. A variant that fails once is left out from then on, and the outcome says why."""
    outcome = Outcome(scenario, rounds)
    taking = [variant for variant in variants if takes_part(scenario, variant)]
    for variant in taking:
        outcome.samples[variant.name] = [None] * rounds
    for number in range(rounds):
        turn = number % len(taking) if taking else 0
        present = [variant for variant in taking[turn:] + taking[:turn]
                   if variant.name not in outcome.failures and (variant.rounds is None or number < variant.rounds)]
        for name, sample in take_samples(scenario.probe, settings, present).items():
            if isinstance(sample, Exception):
                outcome.failures[name] = told(sample)
            else:
                outcome.samples[name][number] = sample
    return outcome
