/*
 * The option parser of libkiwi.so, compiled into kiwi as well: what `kiwi run` accepts is what the library will accept.
 * It depends on nothing else of interpose/ and calls mem* and str* functions only.
 */
#include "../interpose/base/options.c"
