#!/bin/bash
# The trace at random moments of a busy program, stopped and killed: see kill_consistency.py. KIWI_ROUNDS sets how often.
# shellcheck source=tests/apps/lib.bash
. "$(dirname "$0")/lib.bash"
app_begin python3

"${CC:-gcc}" -std=gnu11 -O2 -g -Wall -Wextra -pthread -o "$work/busy_locks" "$APPS/busy_locks.c" || exit 1
python3 "$APPS/kill_consistency.py" "$BUILD" "$work/busy_locks" "${KIWI_ROUNDS:-200}"
exit $?
