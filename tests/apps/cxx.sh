#!/bin/bash
# A C++ program that uses what the standard library has in threads.
# shellcheck disable=SC2317 # compare calls the functions
# shellcheck source=tests/apps/lib.bash
. "$(dirname "$0")/lib.bash"
app_begin "${CXX:-g++}"

session() { under "$1" "$work/cxx_threads" 20000; }

"${CXX:-g++}" -std=c++17 -O2 -g -Wall -Wextra -pthread -o "$work/cxx_threads" "$APPS/cxx_threads.cpp" || exit 1
compare "a C++ program works as bare" 3 session
no_critical "a C++ program: no critical finding"
remove_traces
export RECORD=heap=exact
compare "a C++ program works as bare, heap=exact" 3 session
no_critical "a C++ program: no critical finding, heap=exact"
app_end
