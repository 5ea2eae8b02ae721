# SPDX-License-Identifier: MIT
#
# make                  the program, libhaul, man pages and completions, into build/
# make demo             install what is missing, build, copy a real tree and watch it
# make test             install what is missing, build, run all tests
# make check            the tests alone; check-unit: only the unit tests
# make property         random trees, PROPERTY_ROUNDS for each pair of filesystems; needs root
# make asan | tsan      the unit tests under sanitizers, in build-asan/ and build-tsan/
# make fuzz             the fuzzers, each for FUZZ_SECONDS (300), in build-fuzz/
# make valgrind         the unit tests under valgrind
# make analyze          gcc's static analysis of all sources
# make kill-trials      kills processes of copies and moves at random moments, KILL_TRIALS (600) times
# make power-trials     a disk that loses its power, after each of POWER_POINTS (40) recorded flushes
# make vm-check         real hot-plugging, in a virtual machine; deps-vm: what that needs
# make lint | fmt       check the style | apply the formatter
# make bench            measure the small grid of bench/run; bench-built: only build bench/*.c
# make install          honours DESTDIR and PREFIX
# make deps             install the Debian packages that are missing; deps-build: only what building
#                       needs; deps-bench: the benchmarks' peers
#
# V=1 shows the commands, DEVELOPER=1 makes warnings errors, BUILD=dir builds elsewhere.

BUILD ?= build
PREFIX ?= /usr/local
CC ?= cc
CFLAGS ?= -O2 -g
PKG_CONFIG ?= pkg-config

VERSION := $(shell sed -n 's/^\#define HAUL_VERSION "\(.*\)"/\1/p' include/haul/version.h)
SOVERSION := 0

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' '$(1)' '$(2)')

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

# ---- flags ----

HAUL_CPPFLAGS := -D_GNU_SOURCE -I. -Iinclude -Iengine -I$(BUILD)/gen

# The release of GNU coreutils to follow where they differ: see engine/util/gnu.h.
GNU ?= $(shell cp --version 2>/dev/null | sed -n '1s/.* \([0-9]*\.[0-9]*\).*/\1/p')
GNU := $(GNU)
ifneq ($(GNU),)
HAUL_CPPFLAGS += -DGNU_MAJOR=$(firstword $(subst ., ,$(GNU))) -DGNU_MINOR=$(word 2,$(subst ., ,$(GNU)))
endif
HAUL_CFLAGS := -std=gnu11 -fPIE -fno-common -fstack-protector-strong \
	-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla
HAUL_LDFLAGS := -pie -Wl,-z,relro,-z,now -Wl,--as-needed
HAUL_LIBS := -lm

ifdef DEVELOPER
HAUL_CFLAGS += -Werror
endif

ifdef SANITIZE
HAUL_CFLAGS += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
HAUL_LDFLAGS += -fsanitize=$(SANITIZE)
else
HAUL_CPPFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif

# Goals that need no library to be there yet.
NO_BUILD_GOALS := deps deps-build deps-bench deps-vm demo test clean fmt asan tsan fuzz analyze
ifneq ($(filter-out $(NO_BUILD_GOALS),$(or $(MAKECMDGOALS),all)),)

NEEDED := liburing libxxhash
ifneq ($(shell $(PKG_CONFIG) --exists $(NEEDED) 2>/dev/null && echo yes),yes)
$(error one of $(NEEDED) was not found. `make deps` installs them)
endif
# Other people's headers are not for our warnings.
library_cflags = $(patsubst -I%,-isystem%,$(shell $(PKG_CONFIG) --cflags $(1)))
HAUL_CPPFLAGS += $(call library_cflags,$(NEEDED))
HAUL_LIBS += $(shell $(PKG_CONFIG) --libs $(NEEDED))

# HAVE_<name> is defined for each optional library that is there.
OPTIONAL := LIBSERIALPORT=libserialport LIBNL=libnl-3.0 LIBBPF=libbpf BLKID=blkid HIREDIS=hiredis \
	LIBMICROHTTPD=libmicrohttpd
# A BPF program needs its compiler and skeleton generator too.
BPF_CLANG := $(shell command -v clang)
BPFTOOL := $(shell PATH="$$PATH:/usr/sbin:/sbin" command -v bpftool)
ifneq ($(and $(BPF_CLANG),$(BPFTOOL)),)
FOUND_TOOLS := LIBBPF
endif
find_optional = $(if $(filter-out LIBBPF,$(1))$(FOUND_TOOLS),\
	$(shell $(PKG_CONFIG) --exists $(2) 2>/dev/null && echo $(1)=$(2)))
FOUND := $(strip $(foreach row,$(OPTIONAL),\
	$(call find_optional,$(word 1,$(subst =, ,$(row))),$(word 2,$(subst =, ,$(row))))))
HAVE := $(foreach row,$(FOUND),$(word 1,$(subst =, ,$(row))))
FOUND_MODULES := $(foreach row,$(FOUND),$(word 2,$(subst =, ,$(row))))
ifneq ($(FOUND_MODULES),)
HAUL_CPPFLAGS += $(addprefix -DHAVE_,$(HAVE)) $(call library_cflags,$(FOUND_MODULES))
HAUL_LIBS += $(shell $(PKG_CONFIG) --libs $(FOUND_MODULES))
endif
SERIAL_MODULES := liburing $(filter libserialport,$(FOUND_MODULES))
SERIAL_LIBS := $(shell $(PKG_CONFIG) --libs $(SERIAL_MODULES))

endif # NO_BUILD_GOALS

COMPILE = $(CC) $(HAUL_CPPFLAGS) $(CPPFLAGS) $(HAUL_CFLAGS) $(CFLAGS) -MMD -MP
LINK = $(CC) $(HAUL_CFLAGS) $(CFLAGS) $(HAUL_LDFLAGS) $(LDFLAGS)

# Objects are remade when the flags change, as they do when a library was installed.
FLAGS_FILE := $(BUILD)/flags
$(FLAGS_FILE): FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(COMPILE) $(LINK) $(HAUL_LIBS)' | cmp -s - $@ || \
		printf '%s\n' '$(COMPILE) $(LINK) $(HAUL_LIBS)' >$@

# ---- what is built ----

BPF_SOURCES := $(wildcard bpf/*.bpf.c)
SOURCES := $(filter-out $(BPF_SOURCES),$(wildcard engine/*/*.c serialctl/*.c bpf/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/obj/%.o)
MAIN_OBJECT := $(BUILD)/obj/engine/cli/main.o
LIBHAUL_SOURCES := $(addprefix engine/progress/,reader.c discover.c layout.c record.c version.c)
LIBHAUL_SERIAL_SOURCES := $(addprefix serialctl/,holder.c inventory.c name.c port.c port_lines.c \
	port_ring.c port_transfer.c settings.c termios2.c)
LIBRARY_NAMES := libhaul libhaul-serial
TEST_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
BENCH_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(wildcard bench/*.c))
EXAMPLES := $(patsubst %.c,$(BUILD)/%,$(wildcard docs/examples/*.c))

ifneq ($(filter LIBBPF,$(HAVE)),)
SKELETONS := $(BPF_SOURCES:%.bpf.c=$(BUILD)/gen/%.skel.inc)
endif

MAN_PAGES := $(patsubst docs/%,$(BUILD)/docs/%,$(wildcard docs/*.1))
COMPLETIONS := $(addprefix $(BUILD)/docs/haul.,bash zsh fish)
DOCUMENTS := $(if $(SANITIZE),,$(MAN_PAGES) $(COMPLETIONS))

LIBRARIES := $(foreach name,$(LIBRARY_NAMES),$(BUILD)/$(name).so $(BUILD)/$(name).a)

.PHONY: all
all: $(BUILD)/haul $(LIBRARIES) $(DOCUMENTS)

$(BUILD)/haul: $(MAIN_OBJECT) $(BUILD)/libengine.a $(FLAGS_FILE)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $(MAIN_OBJECT) $(BUILD)/libengine.a $(HAUL_LIBS)

$(BUILD)/libengine.a: $(filter-out $(MAIN_OBJECT),$(OBJECTS))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# The page is taken in by the assembler, of which -MMD knows nothing.
$(BUILD)/obj/engine/publisher/page.o: $(wildcard engine/publisher/web/*)

$(BUILD)/obj/%.o: %.c $(FLAGS_FILE) | $(SKELETONS)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE) -c -o $@ $<

# ---- libhaul, libhaul-serial ----

$(BUILD)/pic/%.o: %.c $(FLAGS_FILE)
	$(call say,CC,$< (library))
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE) -fPIC -fvisibility=default -c -o $@ $<

# library NAME,SOURCES,MAP,LIBRARIES
define library
$(BUILD)/$(1).so.$(SOVERSION): $(2:%.c=$(BUILD)/pic/%.o) $(3)
	$$(call say,LINK,$$@)
	$$(Q)$(CC) $(HAUL_CFLAGS) $(CFLAGS) -shared -Wl,-soname,$(1).so.$(SOVERSION) \
		-Wl,--version-script=$(3) $(if $(SANITIZE),,-Wl,-z,defs) \
		-Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS) -o $$@ $(2:%.c=$(BUILD)/pic/%.o) $(4)

$(BUILD)/$(1).so: $(BUILD)/$(1).so.$(SOVERSION)
	$$(Q)ln -sf $(1).so.$(SOVERSION) $$@

$(BUILD)/$(1).a: $(2:%.c=$(BUILD)/pic/%.o)
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && $(AR) rcs $$@ $$^
endef

$(eval $(call library,libhaul,$(LIBHAUL_SOURCES),engine/progress/libhaul.map,))
$(eval $(call library,libhaul-serial,$(LIBHAUL_SERIAL_SOURCES),serialctl/libhaul-serial.map,\
	$(SERIAL_LIBS)))

# ---- man pages and completions: the option tables, set into the files of docs/ ----

fill = $(Q)mkdir -p $(@D) && $(BUILD)/haul --role=describe $(1) >$@.part && \
	sed -e '/@GENERATED@/{r $@.part' -e 'd;}' -e 's/@VERSION@/$(VERSION)/' $< >$@ && rm $@.part

$(BUILD)/docs/haul.1: docs/haul.1 $(BUILD)/haul
	$(call say,MAN,$@)
	$(call fill,man-commands)

$(BUILD)/docs/haul-%.1: docs/haul-%.1 $(BUILD)/haul
	$(call say,MAN,$@)
	$(call fill,man $*)

$(BUILD)/docs/haul.%: docs/haul.% $(BUILD)/haul
	$(call say,GEN,$@)
	$(call fill,$*)

# ---- BPF programs ----

BPF_ARCH := $(patsubst x86_64,x86,$(patsubst aarch64,arm64,$(shell uname -m)))

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c $(FLAGS_FILE)
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(BPF_CLANG) -target bpf -D__TARGET_ARCH_$(BPF_ARCH) -I. -idirafter /usr/include/$(shell \
		uname -m)-linux-gnu -O2 -g -Wall -MMD -MP -c -o $@ $<

# Its name is no header's: the checks are for what people write.
$(BUILD)/gen/bpf/%.skel.inc: $(BUILD)/bpf/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen skeleton $< name $* >$@

# ---- tests and benchmarks ----

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libengine.a
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $< $(BUILD)/libengine.a $(HAUL_LIBS) -lcmocka

$(BUILD)/bench/%: $(BUILD)/obj/bench/%.o $(BUILD)/libengine.a
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $< $(BUILD)/libengine.a $(HAUL_LIBS)

.PHONY: vm-check
vm-check: all
	$(Q)HAUL_VM_CHECK=yes BUILD=$(BUILD) tests/run vm-

KILL_TRIALS ?= 600
.PHONY: kill-trials
kill-trials: all
	$(Q)BUILD=$(BUILD) TRIALS=$(KILL_TRIALS) bash tests/fault/kill_any.sh

POWER_POINTS ?= 40
.PHONY: power-trials
power-trials: all
	$(Q)BUILD=$(BUILD) POINTS=$(POWER_POINTS) bash tests/fault/power_trials

.PHONY: check check-unit bench asan tsan
check: all tests-built
	$(Q)BUILD=$(BUILD) tests/run

check-unit: tests-built
	$(Q)BUILD=$(BUILD) tests/run --unit

# The suite does two rounds of this; new seeds each time.
PROPERTY_ROUNDS ?= 200
.PHONY: property
property: all
	$(Q)BUILD=$(BUILD) ROUNDS=$(PROPERTY_ROUNDS) tests/run -t 36000 random_trees

.PHONY: tests-built
tests-built: $(TEST_PROGRAMS)

# The small grid; bench/run --help tells what else there is.
bench: all bench-built
	$(Q)bench/run --haul $(BUILD)/haul --output $(BUILD)/report

.PHONY: bench-built
bench-built: $(BENCH_PROGRAMS)

asan:
	$(Q)$(MAKE) --no-print-directory BUILD=build-asan SANITIZE=address,undefined CFLAGS='-O1 -g' \
		check-unit

# Threads share a ring in these tests; the others have one thread, where nothing can race.
TSAN_TESTS := $(patsubst %.c,build-tsan/%,$(wildcard tests/unit/test_*stress*.c))
tsan:
	$(Q)$(MAKE) --no-print-directory BUILD=build-tsan SANITIZE=thread CFLAGS='-O1 -g' \
		$(if $(TSAN_TESTS),$(TSAN_TESTS),all)
	$(Q)for program in $(TSAN_TESTS); do $$program || exit 1; done

# Children of tests end without freeing anything, so leaks are LeakSanitizer's to find (make asan).
# Left out is what valgrind can't run: a program that nothing may execute any more, one whose threads
# must run at the same time, one that measures time, and one that needs openat2.
VALGRIND := valgrind --quiet --error-exitcode=99
VALGRIND_PROGRAMS := $(filter-out %/test_confine %/test_ring_stress %/test_publisher \
	%/test_worker_files,$(TEST_PROGRAMS))
.PHONY: valgrind analyze
valgrind: all tests-built
	$(Q)failed=; for program in $(VALGRIND_PROGRAMS); do \
		$(VALGRIND) $$program >$(BUILD)/valgrind.log 2>&1 && echo "ok   $$program" || \
			{ cat $(BUILD)/valgrind.log; echo "FAIL $$program"; failed=yes; }; \
	done; [ -z "$$failed" ]

# Its search for leaks loses sight of what is kept in somebody else's structure; LeakSanitizer and
# valgrind look for those.
analyze:
	$(Q)$(MAKE) --no-print-directory BUILD=build-analyze CC=gcc DEVELOPER=1 \
		CFLAGS='-O1 -g -fanalyzer -Wno-analyzer-malloc-leak' analyzed

.PHONY: analyzed
analyzed: $(OBJECTS)

# libFuzzer comes with clang. Each program starts from what tests/fuzz/corpus/<name>/ has, if that
# is there, and what it finds is in build-fuzz/.
FUZZ_SECONDS ?= 300
FUZZERS := $(patsubst %.c,%,$(notdir $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_SANITIZE := address,undefined

.PHONY: fuzz
fuzz:
	$(Q)$(MAKE) --no-print-directory BUILD=build-fuzz CC=clang CFLAGS='-O1 -g' DEVELOPER=1 \
		SANITIZE=fuzzer-no-link,$(FUZZ_SANITIZE) $(addprefix build-fuzz/tests/fuzz/,$(FUZZERS))
	$(Q)for name in $(FUZZERS); do \
		mkdir -p build-fuzz/corpus/$$name; \
		build-fuzz/tests/fuzz/$$name -max_total_time=$(FUZZ_SECONDS) -close_fd_mask=3 \
			-artifact_prefix=build-fuzz/$$name. build-fuzz/corpus/$$name \
			$$(ls -d tests/fuzz/corpus/$$name 2>/dev/null) >build-fuzz/$$name.log 2>&1 || \
			{ cat build-fuzz/$$name.log; exit 1; }; \
		echo "$$name: nothing found in $(FUZZ_SECONDS) s"; \
	done

$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/libengine.a
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) -fsanitize=fuzzer,$(FUZZ_SANITIZE) -o $@ $< $(BUILD)/libengine.a $(HAUL_LIBS)

# ---- style ----

.PHONY: lint fmt
C_FILES = $(wildcard include/haul/*.h engine/*/*.[ch] serialctl/*.[ch] bpf/*.[ch] bench/*.[ch] \
	tests/unit/*.[ch] tests/fault/*.c tests/fuzz/*.[ch] docs/examples/*.c)
fmt:
	$(call say,FMT,$(words $(C_FILES)) files)
	$(Q)clang-format -i $(C_FILES)

lint:
	$(Q)tools/lint '$(HAUL_CPPFLAGS)' $(C_FILES)

# ---- installation ----

bindir = $(PREFIX)/bin
libdir = $(PREFIX)/lib
includedir = $(PREFIX)/include
datadir = $(PREFIX)/share
INSTALL ?= install

.PHONY: install
install: all
	$(call say,INSTALL,$(DESTDIR)$(PREFIX))
	$(Q)$(INSTALL) -d $(addprefix $(DESTDIR),$(bindir) $(libdir)/pkgconfig $(includedir)/haul \
		$(datadir)/man/man1 $(datadir)/bash-completion/completions \
		$(datadir)/zsh/site-functions $(datadir)/fish/vendor_completions.d \
		$(PREFIX)/lib/systemd/system)
	$(Q)$(INSTALL) -m 755 $(BUILD)/haul $(DESTDIR)$(bindir)/haul
	$(Q)$(INSTALL) -m 755 $(LIBRARY_NAMES:%=$(BUILD)/%.so.$(SOVERSION)) $(DESTDIR)$(libdir)/
	$(Q)for name in $(LIBRARY_NAMES); do \
		ln -sf $$name.so.$(SOVERSION) $(DESTDIR)$(libdir)/$$name.so; done
	$(Q)$(INSTALL) -m 644 $(LIBRARY_NAMES:%=$(BUILD)/%.a) $(DESTDIR)$(libdir)/
	$(Q)$(INSTALL) -m 644 $(wildcard include/haul/*.h) $(DESTDIR)$(includedir)/haul/
	$(Q)for name in haul haul-serial; do \
		sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' \
			-e 's|@MODULES@|$(SERIAL_MODULES)|' docs/$$name.pc \
			>$(DESTDIR)$(libdir)/pkgconfig/$$name.pc; done
	$(Q)$(INSTALL) -m 644 $(MAN_PAGES) $(DESTDIR)$(datadir)/man/man1/
	$(Q)$(INSTALL) -m 644 docs/haul-watch.service $(DESTDIR)$(PREFIX)/lib/systemd/system/
	$(Q)$(INSTALL) -m 644 $(BUILD)/docs/haul.bash \
		$(DESTDIR)$(datadir)/bash-completion/completions/haul
	$(Q)$(INSTALL) -m 644 $(BUILD)/docs/haul.zsh $(DESTDIR)$(datadir)/zsh/site-functions/_haul
	$(Q)$(INSTALL) -m 644 $(BUILD)/docs/haul.fish \
		$(DESTDIR)$(datadir)/fish/vendor_completions.d/haul.fish

# ---- from nothing ----

.PHONY: demo test
demo: deps-build
	$(Q)$(MAKE) --no-print-directory all
	$(Q)BUILD=$(BUILD) tools/demo

test: deps
	$(Q)$(MAKE) --no-print-directory check

# ---- packages ----

.PHONY: deps deps-build deps-bench deps-vm
deps:
	$(Q)tools/deps build test

deps-build:
	$(Q)tools/deps build

deps-bench:
	$(Q)tools/deps build bench

deps-vm:
	$(Q)tools/deps build vm

.PHONY: clean
clean:
	rm -rf build build-asan build-tsan build-fuzz build-analyze

.PHONY: FORCE
FORCE:

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
