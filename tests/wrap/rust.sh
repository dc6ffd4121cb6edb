#!/bin/bash
# A Rust program, whose locks are futexes of the standard library, behaves the same.
. "$(dirname "$0")/lib.bash"

if ! command -v rustc >/dev/null; then
    skip "a Rust program" "rustc is not installed"
    exit 0
fi
if rustc -O -o "$scratch/threads" "$(dirname "$0")/rust/threads.rs" 2>"$scratch/rustc"; then
    same "a Rust program: locks, conditions, channels, barriers, once, parking" "$scratch/threads"
else
    not_ok "the Rust program builds" "$scratch/rustc"
fi
