# Kiwi: libkiwi.so (the recorder, preloaded into a service) and kiwi (the analyzer).
#
#   interpose/{base,record,process,wrap}/*.c -> build/libkiwi.so; {base,record} alone -> build/libkiwi-record.a, for tests
#   analysis/**/*.c                          -> build/libkiwi-analysis.a
#   tools/*.c                                -> build/kiwi
#
# Sources are found by wildcard: a new file needs no line here. Exported symbols come from interpose/wrapped.def.

VERSION := 0.1.0

CC      ?= gcc
CXX     ?= g++
CFLAGS  ?= -O2 -g
LDFLAGS ?=
PREFIX  ?= /usr/local
DESTDIR ?=
LIBDIR  ?= $(PREFIX)/lib
WERROR  ?=
B       ?= build
# The scripts find the build here, whatever the caller's environment says.
export KIWI_BUILD := $(if $(filter /%,$(B)),$(B),$(CURDIR)/$(B))
# LLVM's unwinder, a position-independent archive (Debian: libunwind-14-dev). See "The unwinder" below.
LIBUNWIND ?= /usr/lib/llvm-14/lib/libunwind.a
FUZZ_SECONDS ?= 20

ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(origin CXX),default)
CXX := g++
endif

# ---------------------------------------------------------------------------------------------------------------- flags
WARNINGS := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef
ifneq ($(WERROR),)
WARNINGS += -Werror
endif
# _GNU_SOURCE is empty, as "#define _GNU_SOURCE" makes it: a file may say for itself that it needs it.
COMMON := -std=gnu11 $(WARNINGS) -D_GNU_SOURCE= -DKIWI_VERSION='"$(VERSION)"' -I.

# The recorder runs inside somebody else's process:
#   initial-exec    TLS access is one instruction and never calls __tls_get_addr, which can allocate
#   -fexceptions    C++ exceptions and thread cancellation unwind through the wrappers
#   -z now          no lazy binding: the first call of a wrapper must not enter the loader
#   -fno-builtin-*  a wrapper that calls malloc and memset must not become a call of calloc, which is wrapped too
#   no strict aliasing   neighbouring words of a row are read and written as one, see slot_state_set
#   no fortify      the fortified headers rename the functions that are wrapped here
#   general registers   a struct stored in halves and copied by one vector load stalls; but printf and its like must save
#                   the vector registers in which their arguments come
RECORDER_REGISTERS = $(if $(filter %/wrap/stdio.o,$@),,-mgeneral-regs-only)
RECORDER = $(COMMON) -Iinterpose -I/usr/include/libunwind -fPIC -fvisibility=hidden -ftls-model=initial-exec -fexceptions \
            -fasynchronous-unwind-tables $(RECORDER_REGISTERS) -fno-plt -fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc \
            -fno-builtin-free -fno-strict-aliasing -U_FORTIFY_SOURCE
RECORDER_LINK := -shared -Wl,-soname,libkiwi.so -Wl,-z,now -Wl,-z,relro -Wl,-z,noexecstack -Wl,--no-undefined \
                 -Wl,--exclude-libs,ALL -Wl,--as-needed -Wl,--build-id
ANALYSIS := $(COMMON) -Ianalysis
ANALYSIS_LIBS := -ldw -lelf -liberty -ljansson -lz -lm
TEST := $(COMMON) -fno-strict-aliasing -Iinterpose -Ianalysis -Itests -Itests/lib -I/usr/include/libunwind
SANITIZE := -O1 -g -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=undefined -fno-omit-frame-pointer

# -------------------------------------------------------------------------------------------------------------- sources
RECORD_C   := $(sort $(wildcard interpose/base/*.c interpose/record/*.c))
WRAP_C     := $(sort $(wildcard interpose/process/*.c interpose/wrap/*.c))
WRAP_S     := $(sort $(wildcard interpose/wrap/*.S interpose/base/*.S))
ANALYSIS_C := $(sort $(wildcard analysis/*.c analysis/*/*.c))
TOOLS_C    := $(sort $(wildcard tools/*.c))
TEST_LIB_C := $(sort $(wildcard tests/lib/*.c))
UNIT_C     := $(sort $(wildcard tests/unit/test_*.c))
DETECT_C   := $(sort $(wildcard tests/detect/*.c))
WRAPTEST_C := $(sort $(wildcard tests/wrap/*.c))
WRAPTEST_X := $(sort $(wildcard tests/wrap/*.cpp))
FUZZ_C     := $(sort $(wildcard tests/fuzz/fuzz_*.c))
# Those that need a library are built where it is: their first lines name it ("// uses: libuv").
UV_FLAGS   := $(shell pkg-config --cflags --libs libuv 2>/dev/null)
EXAMPLES_C := $(sort $(filter-out $(if $(UV_FLAGS),,examples/uv_%),$(wildcard examples/*.c)))
EXAMPLES_X := $(sort $(wildcard examples/*.cpp))
SERVICE_C  := $(sort $(wildcard examples/service/*.c))

SOURCES = $(shell find interpose analysis tools tests examples -name '*.[ch]' -o -name '*.cpp')
objects = $(patsubst %,$(B)/$(1)/%.o,$(basename $(2)))
RECORD_O   := $(call objects,obj,$(RECORD_C))
WRAP_O     := $(call objects,obj,$(WRAP_C) $(WRAP_S))
ANALYSIS_O := $(call objects,obj,$(ANALYSIS_C))
TOOLS_O    := $(call objects,obj,$(TOOLS_C))
TEST_LIB_O := $(call objects,obj,$(TEST_LIB_C))
SAN_LIB_O  := $(call objects,asan,$(RECORD_C) $(ANALYSIS_C) $(TEST_LIB_C))

UNIT_BIN   := $(UNIT_C:tests/unit/%.c=$(B)/unit/%)
DETECT_BIN := $(DETECT_C:tests/detect/%.c=$(B)/detect/%)
ASAN_BIN   := $(UNIT_C:tests/unit/%.c=$(B)/asan/unit/%) $(DETECT_C:tests/detect/%.c=$(B)/asan/detect/%)
FUZZ_BIN   := $(FUZZ_C:tests/fuzz/%.c=$(B)/fuzz/%)
WRAP_BIN   := $(WRAPTEST_C:tests/wrap/%.c=$(B)/wrap/%) $(WRAPTEST_X:tests/wrap/%.cpp=$(B)/wrap/%)
EXAMPLE_BIN := $(EXAMPLES_C:examples/%.c=$(B)/examples/%) $(EXAMPLES_X:examples/%.cpp=$(B)/examples/%)
ifneq ($(SERVICE_C),)
EXAMPLE_BIN += $(B)/examples/service
endif

# -------------------------------------------------------------------------------------------------------------- targets
.PHONY: all help check demo bench install uninstall clean lint format unit asan fuzz tidy examples tests FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: $(B)/libkiwi.so $(B)/kiwi ## build libkiwi.so and kiwi (the default)

help: ## list targets and options
	@echo "Targets:"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 14
	@echo "Options (make NAME=VALUE):"
	@printf '  %-14s%s\n' CC "compiler, gcc or clang [$(CC)]" CFLAGS "optimisation and debug flags [$(CFLAGS)]" \
	    LDFLAGS "extra link flags" PREFIX "install here [$(PREFIX)]" LIBDIR "directory of libkiwi.so [PREFIX/lib]" \
	    DESTDIR "staging root for packages" WERROR "1: warnings are errors" V "1: show whole commands" B "build directory [$(B)]" \
	    LIBUNWIND "LLVM's static unwinder [$(LIBUNWIND)]" FUZZ_SECONDS "time for make fuzz [$(FUZZ_SECONDS)]"

check: ## install what is missing, build, run every test
	tools/install-deps build check
	-$(MAKE) --no-print-directory -k all tests # what does not build, fails below
	tests/run

demo: ## install what is missing, build, record and review real programs
	tools/install-deps build demo
	$(MAKE) --no-print-directory all examples
	tools/demo.sh

bench: ## install what is missing, build, measure the overhead
	tools/install-deps build bench
	$(MAKE) --no-print-directory all
	tests/bench/run

tests: $(UNIT_BIN) $(DETECT_BIN) $(WRAP_BIN) $(ASAN_BIN) $(FUZZ_BIN) examples

examples: $(EXAMPLE_BIN) ## build the example programs

unit: $(UNIT_BIN) $(DETECT_BIN) ## build and run the unit and scripted-history tests
	tests/run unit detect

asan: $(ASAN_BIN) ## the same under the address and undefined-behaviour sanitizers
	tests/run asan

fuzz: $(FUZZ_BIN) $(B)/asan/libtest.a ## feed damaged traces to the reader for FUZZ_SECONDS
	FUZZ_SECONDS=$(FUZZ_SECONDS) tests/run fuzz

lint: all ## dependency rule, exports, formatting, static analysis
	tests/run lint

format: ## reformat the sources with clang-format 14
	tests/lint/wrap_comments.py $(SOURCES)
	clang-format-14 -i $(SOURCES)

tidy: ## clang-tidy over the sources (slow)
	clang-tidy-14 --quiet $(RECORD_C) $(WRAP_C) -- $(RECORDER)
	clang-tidy-14 --quiet $(ANALYSIS_C) $(TOOLS_C) -- $(ANALYSIS) -Itools

clean: ## remove the build directory
	rm -rf $(B)

# ------------------------------------------------------------------------------------------------------- prerequisites
# Says what is missing before a compiler error has to.
$(B)/.deps: tools/install-deps
	@mkdir -p $(B)
	@tools/install-deps --check build
	@touch $@

# Rebuild when the flags change.
FLAGS_NOW := $(CC) $(CFLAGS) $(LDFLAGS) $(COMMON)
$(B)/.flags: FORCE | $(B)/.deps
	@printf '%s\n' '$(subst ','\'',$(FLAGS_NOW))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(FLAGS_NOW))' > $@

# --------------------------------------------------------------------------------------------------------- compilation
# make V=1 shows the whole commands.
Q := $(if $(V),,@)
say = $(if $(V),@true,@printf '  %-8s %s\n' $(1) $@)

define compile
$(call say,CC)
@mkdir -p $(@D)
$(Q)$(CC) $(1) $(CPPFLAGS) -MMD -MP -c -o $@ $<
endef

$(B)/obj/interpose/%.o: interpose/%.c Makefile $(B)/.flags
	$(call compile,$(RECORDER) $(CFLAGS))
$(B)/obj/interpose/%.o: interpose/%.S Makefile $(B)/.flags
	$(call compile,$(RECORDER) $(CFLAGS))
$(B)/obj/analysis/%.o: analysis/%.c Makefile $(B)/.flags
	$(call compile,$(ANALYSIS) $(CFLAGS))
$(B)/obj/tools/%.o: tools/%.c Makefile $(B)/.flags
	$(call compile,$(ANALYSIS) $(CFLAGS))
$(B)/obj/tests/%.o: tests/%.c Makefile $(B)/.flags
	$(call compile,$(TEST) $(CFLAGS))
$(B)/asan/interpose/%.o: interpose/%.c Makefile $(B)/.flags
	$(call compile,$(RECORDER) $(SANITIZE))
$(B)/asan/analysis/%.o: analysis/%.c Makefile $(B)/.flags
	$(call compile,$(ANALYSIS) $(SANITIZE))
$(B)/asan/tests/%.o: tests/%.c Makefile $(B)/.flags
	$(call compile,$(TEST) $(SANITIZE))

# Cancellation inside pthread_cond_wait must run code of the wrapper. With -fexceptions that needs a personality routine,
# which would bind to the wrong unwinder; without, glibc's setjmp form serves.
$(B)/obj/interpose/wrap/cond.o: RECORDER += -fno-exceptions

# --------------------------------------------------------------------------------------------------------- the unwinder
# LLVM's libunwind goes into libkiwi.so as one object from which only the unw_* calls below can be reached, so that
# nothing else in the process ever meets it. Its exception-raising half (UnwindLevel1*.o, the _Unwind_* functions) is
# left out: the service's own libgcc_s must be the one that unwinds its exceptions and cancellations.
#
# It is made to call the recorder for everything that could lock, allocate or print. interpose/base/unwind_shim.c
# defines kiwi_unwind_NAME for each NAME here; memcpy, memset and __stack_chk_fail are all that still comes from libc.
UNWIND_MEMBERS := libunwind.cpp.o UnwindRegistersSave.S.o UnwindRegistersRestore.S.o
UNWIND_RENAMES := abort dl_iterate_phdr dladdr fflush fprintf free fwrite malloc pthread_rwlock_rdlock \
                  pthread_rwlock_unlock pthread_rwlock_wrlock snprintf stderr
UNWIND_KEEPS := unw_getcontext unw_init_local unw_step unw_get_reg unw_set_reg unw_get_proc_info unw_is_signal_frame \
                unw_regname

$(B)/unwind.o: $(LIBUNWIND) Makefile | $(B)/.deps
	@rm -rf $(B)/unwind && mkdir -p $(B)/unwind
	$(call say,UNWIND)
	$(Q)cd $(B)/unwind && ar x $(abspath $(LIBUNWIND)) $(UNWIND_MEMBERS)
	$(Q)ld -r --force-group-allocation -z noexecstack -o $(B)/unwind/all.o $(UNWIND_MEMBERS:%=$(B)/unwind/%)
	$(Q)objcopy --strip-debug $(foreach name,$(UNWIND_RENAMES),--redefine-sym $(name)=kiwi_unwind_$(name)) \
	    $(UNWIND_KEEPS:%=--keep-global-symbol=%) $(B)/unwind/all.o $@

# ------------------------------------------------------------------------------------------------------------- products
# One line per row of the registry: the functions that libkiwi.so takes over. kiwi_* is what <kiwi.h> calls; the
# recorder's other names are hidden by -fvisibility.
$(B)/libkiwi.map: interpose/wrapped.def Makefile | $(B)/.deps
	@{ echo '{ global:'; \
	   { printf '#define %s(name, ...) name;\n' WRAP WRAPV WRAPO WRAPL; echo '#include "interpose/wrapped.def"'; } | \
	       $(CC) -E -P -undef -I. -x c -; \
	   echo 'kiwi_*; local: *; };'; } > $@

$(B)/libkiwi.so: $(RECORD_O) $(WRAP_O) $(B)/unwind.o $(B)/libkiwi.map
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(RECORDER_LINK) -Wl,--version-script=$(B)/libkiwi.map -o $@ $(filter %.o,$^)

$(B)/libkiwi-record.a: $(RECORD_O) $(B)/unwind.o
	$(call say,AR)
	@rm -f $@
	$(Q)ar rcs $@ $^

$(B)/libkiwi-analysis.a: $(ANALYSIS_O)
	$(call say,AR)
	@rm -f $@
	$(Q)ar rcs $@ $^

$(B)/kiwi: $(TOOLS_O) $(B)/libkiwi-analysis.a
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(ANALYSIS_LIBS)

# ---------------------------------------------------------------------------------------------------------------- tests
TEST_LINK = $(Q)$(CC) $(1) -o $@ $(filter %.o %.a,$^) -lcmocka $(ANALYSIS_LIBS) -pthread -ldl

$(B)/unit/%: $(B)/obj/tests/unit/%.o $(TEST_LIB_O) $(B)/libkiwi-record.a $(B)/libkiwi-analysis.a
	$(call say,LINK)
	@mkdir -p $(@D)
	$(call TEST_LINK,$(CFLAGS) $(LDFLAGS))
$(B)/detect/%: $(B)/obj/tests/detect/%.o $(TEST_LIB_O) $(B)/libkiwi-record.a $(B)/libkiwi-analysis.a
	$(call say,LINK)
	@mkdir -p $(@D)
	$(call TEST_LINK,$(CFLAGS) $(LDFLAGS))
$(B)/asan/libtest.a: $(SAN_LIB_O) $(B)/unwind.o
	$(call say,AR)
	@rm -f $@
	$(Q)ar rcs $@ $^
$(B)/asan/unit/%: $(B)/asan/tests/unit/%.o $(B)/asan/libtest.a
	$(call say,LINK)
	@mkdir -p $(@D)
	$(call TEST_LINK,$(SANITIZE))
$(B)/asan/detect/%: $(B)/asan/tests/detect/%.o $(B)/asan/libtest.a
	$(call say,LINK)
	@mkdir -p $(@D)
	$(call TEST_LINK,$(SANITIZE))

# libFuzzer comes with clang; each tests/fuzz/fuzz_X.c defines LLVMFuzzerTestOneInput.
$(B)/fuzz/%: tests/fuzz/%.c $(ANALYSIS_C) Makefile $(B)/.flags
	$(call say,BUILD)
	@mkdir -p $(@D)
	$(Q)clang-14 $(ANALYSIS) -Itests/lib -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
	    -MMD -MP -MF $@.d -o $@ $(filter %.c,$^) $(ANALYSIS_LIBS)

# Whole programs: plain builds that know nothing of Kiwi.
PROGRAM := -std=gnu11 -Wall -Wextra -D_GNU_SOURCE= -O2 -g -pthread -Iinterpose
$(B)/wrap/%: tests/wrap/%.c Makefile | $(B)/.deps
	$(call say,BUILD)
	@mkdir -p $(@D)
	$(Q)$(CC) $(PROGRAM) -MMD -MP -MF $@.d -o $@ $< -ldl
$(B)/wrap/%: tests/wrap/%.cpp Makefile | $(B)/.deps
	$(call say,BUILD)
	@mkdir -p $(@D)
	$(Q)$(CXX) -std=gnu++20 -Wall -Wextra -O2 -g -pthread -Iinterpose -MMD -MP -MF $@.d -o $@ $< -ldl
$(B)/examples/service: $(SERVICE_C) $(wildcard examples/service/*.h) Makefile | $(B)/.deps
	$(call say,BUILD)
	@mkdir -p $(@D)
	$(Q)$(CC) $(PROGRAM) -o $@ $(SERVICE_C)
$(B)/examples/%: examples/%.c Makefile | $(B)/.deps
	$(call say,BUILD)
	@mkdir -p $(@D)
	$(Q)$(CC) $(PROGRAM) -MMD -MP -MF $@.d -o $@ $< $(if $(filter uv_%,$*),$(UV_FLAGS))
$(B)/examples/%: examples/%.cpp Makefile | $(B)/.deps
	$(call say,BUILD)
	@mkdir -p $(@D)
	$(Q)$(CXX) -std=gnu++17 -Wall -Wextra -O2 -g -pthread -Iinterpose -MMD -MP -MF $@.d -o $@ $<

# -------------------------------------------------------------------------------------------------------------- install
PUBLIC_H := $(wildcard interpose/kiwi.h interpose/kiwi_atomic.h)
MAN_PAGES := $(sort $(wildcard docs/man/*.[1-8]))
BASH_COMPLETION := $(wildcard tools/completions/kiwi.bash)
ZSH_COMPLETION := $(wildcard tools/completions/_kiwi)
FISH_COMPLETION := $(wildcard tools/completions/kiwi.fish)
ROOT := $(DESTDIR)$(PREFIX)

install: all ## put everything below DESTDIR/PREFIX
	install -d $(ROOT)/bin $(DESTDIR)$(LIBDIR)/pkgconfig $(ROOT)/include $(ROOT)/share/man/man1
	install -m 755 $(B)/kiwi $(ROOT)/bin/kiwi
	install -m 755 $(B)/libkiwi.so $(DESTDIR)$(LIBDIR)/libkiwi.so
	$(if $(PUBLIC_H),install -m 644 $(PUBLIC_H) $(ROOT)/include)
	$(foreach page,$(MAN_PAGES),install -D -m 644 $(page) $(ROOT)/share/man/man$(subst .,,$(suffix $(page)))/$(notdir $(page));)
	$(if $(BASH_COMPLETION),install -D -m 644 $(BASH_COMPLETION) $(ROOT)/share/bash-completion/completions/kiwi)
	$(if $(ZSH_COMPLETION),install -D -m 644 $(ZSH_COMPLETION) $(ROOT)/share/zsh/site-functions/_kiwi)
	$(if $(FISH_COMPLETION),install -D -m 644 $(FISH_COMPLETION) $(ROOT)/share/fish/vendor_completions.d/kiwi.fish)
	printf '%s\n' 'prefix=$(PREFIX)' 'includedir=$${prefix}/include' 'libdir=$(LIBDIR)' 'preload=$${libdir}/libkiwi.so' '' \
	    'Name: kiwi' 'Description: Annotations for the Kiwi runtime review; nothing to link, preload $${preload}' \
	    'Version: $(VERSION)' 'Cflags: -I$${includedir}' > $(DESTDIR)$(LIBDIR)/pkgconfig/kiwi.pc

uninstall: ## remove what install put there
	rm -f $(ROOT)/bin/kiwi $(DESTDIR)$(LIBDIR)/libkiwi.so $(DESTDIR)$(LIBDIR)/pkgconfig/kiwi.pc
	rm -f $(ROOT)/include/kiwi.h $(ROOT)/include/kiwi_atomic.h
	rm -f $(foreach page,$(MAN_PAGES),$(ROOT)/share/man/man$(subst .,,$(suffix $(page)))/$(notdir $(page)))
	rm -f $(ROOT)/share/bash-completion/completions/kiwi $(ROOT)/share/zsh/site-functions/_kiwi
	rm -f $(ROOT)/share/fish/vendor_completions.d/kiwi.fish

FORCE:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
