#!/bin/bash
# kiwi run: exit status, streams, environment, traces in place.
. "$(dirname "$0")/lib.bash"

traces() { find . -maxdepth 1 -name '*.trace*' | sort; }

run "$KIWI" run true
expect "status 0, nothing printed" 0 "" ""
check "a trace is there as a plain file" test -f "$(traces)" -a ! -L "$(traces)"
check "its mode is 0600" test "$(stat -c %a "$(traces)")" = 600
check "its holes were kept" test "$(du -k "$(traces)" | cut -f1)" -lt 4096
rm -f ./*.trace

run "$KIWI" run -- sh -c 'exit 3'
expect "the command's status" 3 "" ""
run "$KIWI" run sh -c 'kill -KILL $$'
expect "128+n for a signal" 137 "" ""
run "$KIWI" run sh -c 'echo out; echo err >&2; exit 255'
expect "streams are the command's" 255 "^out$" "^err$"
printf 'a\0b\nc' >input
run "$KIWI" run cat <input
check "standard input and output are untouched" cmp input out
run "$KIWI" run sh -c 'printf "%s|" "$@"' sh 'a b' '' --out=x '*'
expect "arguments are untouched" 0 '^a b\|\|--out=x\|\*\|$' ""
run "$KIWI" run --out=o.%p -- printf '%s' --depth=3
expect "options behind the command are its own" 0 '^--depth=3$' ""
rm -f ./*.trace o.*

# Environment of the command, which expands the variables itself.
# shellcheck disable=SC2016
run env -u LD_PRELOAD "$KIWI" run --depth=16 --hot='ns::f<a,b>' sh -c 'echo "$LD_PRELOAD"; echo "$KIWI_OPTIONS"'
expect "LD_PRELOAD names the library" 0 '^/.*/libkiwi\.so$' ""
check "KIWI_OPTIONS has an absolute out=" grep -qF "out=$PWD/kiwi.%e.%p.trace" out
check "KIWI_OPTIONS escapes colons" grep -qF 'hot=ns\:\:f<a,b>' out
# shellcheck disable=SC2016
run env KIWI_OPTIONS=depth=8:size=8M "$KIWI" run --depth=9 sh -c 'echo "$KIWI_OPTIONS"'
expect "command line wins over KIWI_OPTIONS" 0 'size=8M:depth=9$' ""
mkdir 'd%p:e'
(cd 'd%p:e' && run "$KIWI" run true && ls >../listing)
check "a strange directory name stays itself" grep -q '^kiwi\.true\.[0-9]*\.trace$' listing
preloads() { LD_PRELOAD=$1 "$KIWI" run /usr/bin/printenv LD_PRELOAD 2>/dev/null; }
check "an existing preload goes behind" test "$(preloads libm.so.6)" = "$(preloads ''):libm.so.6"
check "a sanitizer stays in front" test "$(preloads 'libm.so.6 libubsan.so.1' | sed 's,/[^:]*/libkiwi,libkiwi,')" = \
    libubsan.so.1:libkiwi.so:libm.so.6
check "an older libkiwi.so is replaced" test "$(preloads /nowhere/libkiwi.so:libm.so.6)" = "$(preloads ''):libm.so.6"
rm -f ./*.trace

# Mistakes.
run "$KIWI" run
expect "no command" 2 "" "^kiwi: no command to run"
run "$KIWI" run --size=12 true
expect "bad value" 2 "" "^kiwi: bad value --size=12: want a size from 2M to 4G"
run "$KIWI" run --size
expect "missing value" 2 "" "^kiwi: option '--size' needs a value"
run "$KIWI" run --sizes=1 true
expect "unknown option" 2 "" "^kiwi: unknown option '--sizes=1', did you mean --size\?"
run env KIWI_OPTIONS=size=1:foo=2 "$KIWI" run touch ran
expect "mistakes in KIWI_OPTIONS" 2 "" "^kiwi: KIWI_OPTIONS: unknown option 'foo' \(see"
check "nothing ran" test ! -e ran
run "$KIWI" run --out=nowhere/x touch ran
expect "out= in no directory" 125 "" "^kiwi: cannot record into '.*/nowhere': No such file"
run "$KIWI" run --out='x%q' touch ran
expect "unknown place holder" 2 "" "^kiwi: bad value --out=x%q"
check "nothing ran then either" test ! -e ran
run env KIWI_LIBRARY=/nowhere/libkiwi.so "$KIWI" run true
expect "no library" 125 "" "^kiwi: cannot preload '/nowhere/libkiwi.so' \(KIWI_LIBRARY\): No such file"
cp "$BUILD/kiwi" ./alone
run ./alone run true
expect "a kiwi without its library" 125 "" "^kiwi: cannot find libkiwi.so beside '.*/kiwi' or in"
mkdir 'a b'
cp "$BUILD/libkiwi.so" 'a b'
run env KIWI_LIBRARY="$PWD/a b/libkiwi.so" "$KIWI" run true
expect "a library that LD_PRELOAD can not name" 125 "" "LD_PRELOAD has no way to name a path with a space"

run bash -c 'ulimit -f 20000; exec "$0" run --out=small.%p sh -c "exit 5"' "$KIWI"
expect "a limit of file size" 5 "" ""
run bash -c 'ulimit -f 20; exec "$0" run --out=tiny.%p sh -c "exit 6"' "$KIWI"
expect "a limit that no trace fits: the command runs all the same" 6 "" "^kiwi: "

# Several processes, names that are taken.
run "$KIWI" run --out=tree.%p sh -c '/bin/true; /bin/true; exit 0'
expect "a process tree" 0 "" ""
check "each process has its trace" test "$(find . -name 'tree.*' -type f | wc -l)" -ge 3
run "$KIWI" run --out=same true
run "$KIWI" run --out=same true
check "a taken name gets a number" test -f same -a -f same.1 -a ! -L same.1
run "$KIWI" run --verbose=1 --out=v.%p true
expect "verbose says where the traces are" 0 "" "^kiwi: 1 process recorded into '.*/v\.%p'"
echo 'int empty;' | gcc -shared -x c - -o libempty.so
run env KIWI_LIBRARY="$PWD/libempty.so" "$KIWI" run --out=none.%p true
expect "nothing recorded is said" 0 "" "^kiwi: nothing was recorded: "
check "nothing is left in memory" test -z "$(find /dev/shm -maxdepth 1 -name 'kiwi-*' -newer input -exec grep -lF "$SCRATCH" {} +)"
finish
