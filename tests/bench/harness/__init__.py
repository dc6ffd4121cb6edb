"""The parts of tests/bench/run.

scenarios   the table of what is measured, and the figures to reach
variants    what it runs under: bare, preloads, other tools
probes      how one figure is got from one run
rounds      variants taking turns
stats       medians and intervals
output      the table and the JSON
programs    building the C programs
process     what the kernel tells about a process
"""
