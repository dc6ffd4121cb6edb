#!/bin/bash
# kiwi run and signals: passed on once, dispositions kept, stops mirrored, traces found after a kill.
. "$(dirname "$0")/lib.bash"

cat >listener.sh <<'SCRIPT'
trap 'echo TERM; exit 7' TERM
trap 'echo USR1' USR1
trap 'echo HUP' HUP
echo $$ >pid.tmp && mv pid.tmp pid
while :; do sleep 0.05; done
SCRIPT

start() { # COMMAND...: in the background, waits until the listener is ready
    rm -f pid
    "$@" >out 2>err &
    process=$!
    wait_until 30 test -e pid || echo "# the command did not start"
}
state_of() { awk '{ sub(/.*\) /, ""); print $1 }' "/proc/$1/stat"; }
group_of() { awk '{ sub(/.*\) /, ""); print $3 }' "/proc/$1/stat"; }
is_in_state() { [ "$(state_of "$1")" = "$2" ]; }
printed() { [ "$(cat out)" = "$1" ]; }

start "$KIWI" run sh ./listener.sh
link=$(find . -name 'kiwi.*.trace' | head -n 1)
check "the trace has its name from the start" test -e "$link"
check "a live trace is shown as live" sh -c "'$KIWI' ls | grep -w live"
kill -USR1 $process
check "SIGUSR1 is passed on" wait_until 30 printed "USR1"
kill -TERM $process
wait $process
# shellcheck disable=SC2034 # expect reads it
status=$?
expect "SIGTERM is passed on, and the status is the command's" 7 "TERM" ""
check "each signal came once" test "$(sort out | uniq -d)" = ""
check "traces are in place afterwards" test -z "$(find . -type l)"

# Bits of SIGHUP and SIGCHLD.
run bash -c 'trap "" HUP CHLD; exec "$0" run grep SigIgn /proc/self/status' "$KIWI"
expect "with SIGCHLD ignored the status is known all the same" 0 "SigIgn" ""
check "ignored signals stay ignored" test $((0x$(cut -f2 out) & 0x10001)) = $((0x10001))

# Not read from the listener: a shell that is just starting a command has blocked all signals for that moment itself.
grep SigBlk /proc/self/status >mask
run "$KIWI" run grep SigBlk /proc/self/status
check "the command's signal mask is the caller's" cmp mask out

start "$KIWI" run sh ./listener.sh
check "the command is in kiwi's process group" test "$(group_of $process)" = "$(group_of "$(cat pid)")"
kill -STOP "$(cat pid)"
check "kiwi stops when the command stops" wait_until 30 is_in_state $process T
kill -CONT $process
check "kiwi goes on" wait_until 30 is_in_state $process S
kill -USR1 $process
check "and so does the command" wait_until 30 printed "USR1"
kill -KILL "$(cat pid)"
wait $process 2>/dev/null
check "the command's SIGKILL is 137" test $? = 137

if command -v script >/dev/null; then
    # After the first SIGINT it waits a while for a second.
    cat >count.sh <<'SCRIPT'
trap 'n=$((n + 1))' INT
>ready
i=0
while [ ${n:-0} = 0 ] && [ $((i += 1)) -lt 300 ]; do sleep 0.1; done
for i in 1 2 3 4 5; do sleep 0.1; done
echo "interrupted ${n:-0} times"
>counted
exit 9
SCRIPT
    # The terminal sends SIGINT to the whole foreground group: kiwi must not send it again. exec, because a shell of
    # script's that waited for kiwi would get it as well and end with a status of its own.
    { wait_until 30 test -e ready && printf '\003'; wait_until 60 test -e counted; sleep 1; } |
        timeout 120 script -qec "exec '$KIWI' run sh count.sh" /dev/null >out
    # shellcheck disable=SC2034 # expect reads it
    status=$?
    : >err
    expect "Ctrl-C reaches the command once, and kiwi waits for it" 9 "interrupted 1 times" ""
fi

rm -f ./*.trace
start "$KIWI" run sh ./listener.sh
kill -KILL $process
wait $process 2>/dev/null
check "the command survives kiwi" kill -0 "$(cat pid)"
kill -KILL "$(cat pid)"
wait_until 30 sh -c "! kill -0 $(cat pid)"
trace=$(find . -name "kiwi.*.$(cat pid).trace")
check "the trace can be read through its name" "$KIWI" threads "$trace"
if [ -L "$trace" ]; then
    stored=$(readlink "$trace")
    run "$KIWI" ls --collect .
    expect "ls shows a killed process" 0 "killed" ""
    check "ls --collect puts the file in place" test -f "$trace" -a ! -L "$trace" -a ! -e "$stored"
fi
check "the file reads the same" "$KIWI" threads "$trace"
finish
