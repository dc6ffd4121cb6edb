#!/usr/bin/env python3
"""Tests of the benchmark harness on samples made up for it: medians, intervals, marks and table cells."""

import sys
import unittest

sys.dont_write_bytecode = True

from harness import output
from harness.probes import Sample
from harness.rounds import Outcome, run_rounds
from harness.scenarios import SCENARIOS, Scenario, added, at_most, factor_and_added, ratio
from harness.stats import estimate, median
from harness.variants import Variant

MS = 1_000_000


def outcome(target, bare, kiwi, unit="ns", only=None):
    scenario = Scenario("made-up", "made up", unit, None, target, only=only)
    samples = {"libkiwi": [Sample(value, value) for value in kiwi]}
    if bare:
        samples["bare"] = [Sample(value, value) for value in bare]
    return Outcome(scenario, len(kiwi), samples)


class Stats(unittest.TestCase):
    def test_median_of_odd_and_even_counts(self):
        self.assertEqual(median([3, 1, 2]), 2)
        self.assertEqual(median([4, 1, 2, 3]), 2.5)

    def test_equal_samples_have_no_interval(self):
        found = estimate([5.0] * 7)
        self.assertEqual((found.low, found.median, found.high), (5.0, 5.0, 5.0))

    def test_interval_lies_inside_what_was_seen(self):
        found = estimate([1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 9.0])
        self.assertEqual(found.median, 1.3)
        self.assertTrue(found.least <= found.low <= found.median <= found.high <= found.most)

    def test_same_samples_give_the_same_interval(self):
        self.assertEqual(estimate([1, 2, 3, 4, 5]), estimate([1, 2, 3, 4, 5]))


class Marks(unittest.TestCase):
    def test_ratio_is_taken_within_the_round(self):
        # The machine halves its speed after the second round: no round's quotient changes.
        self.assertEqual(outcome(ratio(1.6), [10, 10, 20, 20], [15, 15, 30, 30]).mark(), "ok")

    def test_over(self):
        self.assertEqual(outcome(ratio(1.6), [10] * 5, [17] * 5).mark(), "over")

    def test_question_mark_where_the_interval_leaves_it_open(self):
        self.assertEqual(outcome(ratio(1.6), [10] * 5, [15, 15, 15, 17, 18]).mark(), "ok ?")

    def test_added_amount(self):
        self.assertEqual(outcome(added(3, "ms"), [1 * MS] * 3, [3.5 * MS] * 3, "ms").mark(), "ok")
        self.assertEqual(outcome(added(3, "ms"), [1 * MS] * 3, [4.5 * MS] * 3, "ms").mark(), "over")

    def test_factor_and_amount(self):
        target = factor_and_added(1.5, 3, "ms")
        self.assertEqual(outcome(target, [2 * MS] * 3, [5.9 * MS] * 3, "ms").mark(), "ok")
        self.assertEqual(outcome(target, [2 * MS] * 3, [6.1 * MS] * 3, "ms").mark(), "over")

    def test_amount_without_bare(self):
        made = outcome(at_most(1024, "KiB"), [], [300], "KiB", only=("libkiwi",))
        self.assertEqual(made.mark(), "ok")
        self.assertEqual(output.main_cell(made), "300 KiB")

    def test_no_libkiwi_no_mark(self):
        self.assertEqual(outcome(ratio(1.6), [10] * 3, []).mark(), "")


class Rounds(unittest.TestCase):
    @staticmethod
    def run_order(rounds, variants, probe=None):
        order = []

        def note(_settings, variant):
            order.append(variant.name)
            return probe(variant) if probe else Sample(1.0, 1.0)

        made = run_rounds(Scenario("made-up", "made up", "ns", note, peers=("slow",)), variants, None, rounds)
        return order, made

    def test_variants_take_turns_and_another_begins_each_round(self):
        order, _ = self.run_order(2, [Variant("bare"), Variant("libkiwi")])
        self.assertEqual(order, ["bare", "libkiwi", "libkiwi", "bare"])

    def test_slow_variant_has_fewer_rounds(self):
        order, _ = self.run_order(3, [Variant("bare"), Variant("slow", rounds=1)])
        self.assertEqual(order.count("slow"), 1)
        self.assertEqual(order.count("bare"), 3)

    def test_failure_is_kept_and_not_repeated(self):
        def fail(variant):
            if variant.name == "libkiwi":
                raise RuntimeError("broken")
            return Sample(1.0, 1.0)

        order, made = self.run_order(3, [Variant("bare"), Variant("libkiwi")], fail)
        self.assertEqual(order.count("libkiwi"), 1)
        self.assertEqual(made.failures, {"libkiwi": "broken"})
        self.assertEqual(output.failures([made]), ["* `made-up` under libkiwi: broken"])


class Together:
    """A probe that measures variants side by side, and notes which."""

    def __init__(self, found):
        self.found = found
        self.groups = []

    def together(self, _settings, variants):
        self.groups.append([variant.name for variant in variants])
        if isinstance(self.found, Exception):
            raise self.found
        return {variant.name: self.found.get(variant.name, Sample(1.0)) for variant in variants}

    def __call__(self, _settings, variant):
        self.groups.append(variant.name)
        return Sample(9.0)


class SideBySide(unittest.TestCase):
    @staticmethod
    def outcome(probe, rounds=2):
        variants = [Variant("bare"), Variant("libkiwi"), Variant("slow", rounds=1)]
        return run_rounds(Scenario("made-up", "made up", "ns", probe, peers=("slow",)), variants, None, rounds)

    def test_those_of_every_round_are_measured_together(self):
        probe = Together({})
        made = self.outcome(probe)
        self.assertEqual(probe.groups, [["bare", "libkiwi"], "slow", ["libkiwi", "bare"]])
        self.assertEqual(made.values("slow"), [9.0])

    def test_the_one_that_failed_is_left_out(self):
        probe = Together({"libkiwi": RuntimeError("broken")})
        made = self.outcome(probe)
        self.assertEqual(probe.groups[-1], ["bare"])
        self.assertEqual(made.failures, {"libkiwi": "broken"})
        self.assertEqual(made.values("bare"), [1.0, 1.0])

    def test_what_fails_as_a_whole_fails_for_all(self):
        made = self.outcome(Together(OSError("no room")))
        self.assertEqual(made.failures, {"bare": "no room", "libkiwi": "no room"})


class Table(unittest.TestCase):
    def test_row_has_a_cell_for_each_column(self):
        row = output.row(outcome(ratio(1.6), [10] * 3, [15] * 3))
        self.assertEqual(row.count(" | "), len(output.COLUMNS) - 1)

    def test_names_are_unique(self):
        names = [scenario.name for scenario in SCENARIOS]
        self.assertEqual(len(names), len(set(names)))


if __name__ == "__main__":
    unittest.main()
