"""The parts of tests/bench/run: what to measure, with which tools, and how to tell the figures from the noise."""
