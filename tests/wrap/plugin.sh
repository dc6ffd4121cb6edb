#!/bin/bash
# C++ plugins in a C host: new, delete and exceptions come from a libstdc++ that only the plugin brings with it.
. "$(dirname "$0")/lib.bash"
here=$(dirname "$0")/plugin
${CXX:-g++} -std=gnu++17 -O2 -g -fPIC -shared -o "$scratch/plugin.so" "$here/plugin.cpp" || exit 1
${CC:-gcc} -std=gnu11 -D_GNU_SOURCE= -O2 -g -pthread -o "$scratch/host" "$here/host.c" -ldl || exit 1

same "a plugin in C++" "$scratch/host" "$scratch/plugin.so"
mkdir "$scratch/inner"
mv "$scratch/plugin.so" "$scratch/inner/plugin.so"
${CC:-gcc} -std=gnu11 -D_GNU_SOURCE= -O2 -g -pthread -o "$scratch/host" "$here/host.c" -ldl \
    -Wl,--enable-new-dtags,-rpath,'$ORIGIN/inner' || exit 1
same "a plugin found by the host's own run path" "$scratch/host" plugin.so

# The same host, and a plugin that shows nobody its own runtime: it is found through the module that calls.
${CXX:-g++} -std=gnu++17 -O2 -g -fPIC -shared -static-libstdc++ -static-libgcc -fno-gnu-unique \
    -o "$scratch/plugin.so" "$here/own_runtime.cpp" || exit 1
same "a plugin with a C++ runtime linked in" "$scratch/host" "$scratch/plugin.so"
OPTIONS=heap=exact same "a plugin with a C++ runtime linked in, every block followed" "$scratch/host" "$scratch/plugin.so"
cp "$scratch/plugin.so" "$scratch/second.so"
same "two such plugins" "$scratch/host" "$scratch/plugin.so" "$scratch/second.so"
