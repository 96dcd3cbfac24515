# One Makefile for the whole tree. `make help` lists what it can do.

MAKEFLAGS += --no-builtin-rules
MODE    ?= debug
PREFIX  ?= /usr/local
LD      ?= ld
OUT     ?= build/$(MODE)
GEN     := build/gen
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo dev)
SHELL   := /bin/bash

# A room is a folder; adding a file to a room needs no edit here.
SYNC    ?= base blob db form kind merge object tree wire replica transport hufu
BACKEND ?= store evidence ledger domain export mirror search http contract api

PKGS    := sqlite3 jansson libgit2 zlib libsodium libcrypto libcurl
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
           -Wmissing-prototypes -Wold-style-definition -Wpointer-arith \
           -Wcast-qual -Wwrite-strings -Wformat=2 -Wvla -Wundef \
           -Wconversion -Wno-sign-conversion -Wimplicit-fallthrough
CPPFLAGS += -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE \
            -Isync -Ibackend -I$(GEN) -Itests \
            $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
CFLAGS   += -std=c17 -g $(WARN) -fno-common -ffile-prefix-map=$(CURDIR)=.
LDLIBS   += $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lpthread -lm

ifneq ($(filter debug asan tsan cov fuzz,$(MODE)),)
CPPFLAGS += -DWITH_FAULTS
CFLAGS   += -O1 -Werror
else
CFLAGS   += -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LDFLAGS  += -pie -Wl,-z,relro,-z,now
endif
SAN.asan := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SAN.tsan := -fsanitize=thread
SAN.cov  := --coverage
SAN.fuzz := $(SAN.asan) -fsanitize=fuzzer-no-link
CFLAGS   += $(SAN.$(MODE))
LDFLAGS  += $(SAN.$(MODE))

src   = $(foreach room,$(1),$(wildcard $(room)/*.c))
objs  = $(patsubst %.c,$(OUT)/%.o,$(1))
rooms := $(addprefix sync/,$(SYNC) cli) $(addprefix backend/,$(BACKEND) cli) \
         tests/unit tests/lib tests/sim tests/fuzz tests/bench

SYNC_OBJS    := $(call objs,$(call src,$(addprefix sync/,$(SYNC)))) \
                $(OUT)/gen/sql_sync.gen.o
BACKEND_OBJS := $(call objs,$(call src,$(addprefix backend/,$(BACKEND)))) \
                $(OUT)/gen/sql_store.gen.o $(OUT)/gen/sql_search.gen.o
HUFU_OBJS    := $(call objs,$(wildcard sync/cli/*.c))
HUFUD_OBJS   := $(call objs,$(wildcard backend/cli/*.c))
TESTLIB_OBJS := $(call objs,$(wildcard tests/lib/*.c))
SIM_OBJS     := $(call objs,$(wildcard tests/sim/*.c))
BENCH_OBJS   := $(call objs,$(wildcard tests/bench/*.c))
UNIT_SRC     ?= $(wildcard tests/unit/test_*.c)
UNIT         := $(patsubst tests/unit/%.c,$(OUT)/unit/%,$(UNIT_SRC))
FUZZ         := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
LIBS         := $(OUT)/libbackend.a $(OUT)/libhufu.a
LIBS_ALL     := -Wl,--start-group $(LIBS) -Wl,--end-group -lcivetweb

# The public library. Its version stands in its header, the first number in the
# name that programs are linked with.
HUFU_VERSION := $(shell sed -n 's/^\#define HUFU_VERSION "\(.*\)"/\1/p' sync/hufu/hufu.h)
SONAME       := libhufu.so.$(firstword $(subst ., ,$(HUFU_VERSION)))

.PHONY: install install-files uninstall all programs deps demo test unit unit-build replay replay-build vectors \
        accept api api-fuzz lint layers headers format-check lint-scripts sim fuzz fuzz-build \
        torture bench bench-run coverage sanitize api-walk tsan clang clean help FORCE
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

all: build/hufu build/hufud $(OUT)/$(SONAME) ## build the programs: build/hufu, build/hufud (MODE=debug|release|asan|tsan|cov)

programs: $(OUT)/hufu $(OUT)/hufud $(OUT)/$(SONAME)
build/hufu build/hufud: build/%: $(OUT)/% FORCE
	@ln -sfn $(patsubst build/%,%,$<) $@
FORCE:

$(OUT)/hufu: $(HUFU_OBJS) $(OUT)/libhufu.a
	$(CC) $(LDFLAGS) $(HUFU_OBJS) $(OUT)/libhufu.a $(LDLIBS) -o $@
$(OUT)/hufud: $(HUFUD_OBJS) $(LIBS)
	$(CC) $(LDFLAGS) $(HUFUD_OBJS) $(LIBS_ALL) $(LDLIBS) -o $@

$(OUT)/libhufu.a: $(SYNC_OBJS)
$(OUT)/libbackend.a: $(BACKEND_OBJS)
$(OUT)/libtest.a: $(TESTLIB_OBJS)
%.a:
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcsD $@ $^

# One set of objects for archive and shared library; only what hufu.h marks is
# seen from outside.
SYNC_FLAGS := -fPIC -fvisibility=hidden
$(SYNC_OBJS): CFLAGS += $(SYNC_FLAGS)
$(SYNC_OBJS): $(OUT)/sync.flags
$(OUT)/sync.flags: FORCE # objects that were made with other flags do not fit
	@mkdir -p $(@D)
	@echo '$(SYNC_FLAGS)' | cmp -s - $@ || echo '$(SYNC_FLAGS)' > $@
$(OUT)/$(SONAME): $(SYNC_OBJS)
	$(CC) -shared -Wl,-soname,$(SONAME) -Wl,-z,defs -Wl,-z,relro,-z,now $(SAN.$(MODE)) \
	    $(SYNC_OBJS) $(LDLIBS) -o $@

$(OUT)/unit/%: $(OUT)/tests/unit/%.o $(OUT)/libtest.a $(LIBS)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $< $(OUT)/libtest.a $(LIBS_ALL) $(LDLIBS) -lcmocka -o $@
$(OUT)/replay/%: $(OUT)/tests/fuzz/%.o $(OUT)/tests/fuzz/replay.o $(LIBS)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(filter %.o,$^) $(LIBS_ALL) $(LDLIBS) -o $@
$(OUT)/fuzzers/%: $(OUT)/tests/fuzz/%.o $(LIBS)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -fsanitize=fuzzer $< $(LIBS_ALL) $(LDLIBS) -o $@
.SECONDARY:

$(OUT)/bench: $(BENCH_OBJS) $(LIBS)
	$(CC) $(LDFLAGS) $(BENCH_OBJS) $(LIBS_ALL) $(LDLIBS) -o $@
$(OUT)/sim: $(SIM_OBJS) $(OUT)/libtest.a $(LIBS)
	$(CC) $(LDFLAGS) $(SIM_OBJS) $(OUT)/libtest.a $(LIBS_ALL) $(LDLIBS) -o $@

# What prints the version is compiled again with each commit, nothing else.
VERSIONED := $(patsubst %.c,$(OUT)/%.o,sync/cli/main.c sync/transport/http_client.c \
               backend/api/routes.c backend/cli/cmd_serve.c backend/cli/main.c)
$(VERSIONED): CPPFLAGS += -DVERSION='"$(VERSION)"'
$(VERSIONED): $(OUT)/version
$(OUT)/version: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' > $@

$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -include base/banned.h -MMD -MP -c $< -o $@
$(OUT)/backend/contract/embedded.o: schema/api.json
$(OUT)/gen/%.o: $(GEN)/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

# Statements are named in schema/sql and become constants in build/gen.
SQL_GEN := $(foreach set,sync store search,$(GEN)/sql_$(set).gen.h $(GEN)/sql_$(set).gen.c)
$(GEN)/sql_sync.gen.h $(GEN)/sql_sync.gen.c: $(GEN)/sql_sync.gen.%: \
    $(wildcard schema/sql/sync_*.sql) schema/gen/gensql.awk
	@mkdir -p $(@D)
	awk -v out=$* -v set=sync -f schema/gen/gensql.awk $(filter %.sql,$^) > $@
$(GEN)/sql_store.gen.h $(GEN)/sql_store.gen.c: $(GEN)/sql_store.gen.%: \
    $(wildcard schema/sql/store_*.sql) schema/gen/gensql.awk
	@mkdir -p $(@D)
	awk -v out=$* -v set=store -f schema/gen/gensql.awk $(filter %.sql,$^) > $@
$(GEN)/sql_search.gen.h $(GEN)/sql_search.gen.c: $(GEN)/sql_search.gen.%: \
    $(wildcard schema/sql/search_*.sql) schema/gen/gensql.awk
	@mkdir -p $(@D)
	awk -v out=$* -v set=search -f schema/gen/gensql.awk $(filter %.sql,$^) > $@
ALL_OBJS := $(SYNC_OBJS) $(BACKEND_OBJS) $(HUFU_OBJS) $(HUFUD_OBJS) $(TESTLIB_OBJS) \
            $(SIM_OBJS)
$(ALL_OBJS) $(patsubst tests/%.c,$(OUT)/tests/%.o,$(wildcard tests/*/*.c)): | $(SQL_GEN)

deps: ## install the Debian packages that are missing (does nothing when none is)
	@sh tests/lib/deps.sh

demo: deps ## the main job with the real programs, told step by step
	@$(MAKE) --no-print-directory -s MODE=release all
	@bash tests/demo/demo.sh

test: deps ## everything a change must pass: unit, replay, vectors, sim, accept
	@$(MAKE) --no-print-directory all unit-build replay-build $(OUT)/sim
	@bash tests/lib/run_all.sh \
	    unit 'bash tests/lib/run_unit.sh $(OUT)/unit' \
	    replay 'bash tests/fuzz/run_replay.sh $(OUT)/replay' \
	    vectors 'python3 tests/vectors.py' \
	    sim 'bash tests/sim/run.sh $(OUT)/sim 200' \
	    accept 'bash tests/accept/run.sh'
unit-build: $(UNIT)
unit: unit-build ## run the unit tests (T=name runs the programs that match)
	@bash tests/lib/run_unit.sh $(OUT)/unit $(T)
replay-build: $(FUZZ:%=$(OUT)/replay/%)
replay: replay-build ## feed the corpora of the fuzzers to their targets once
	@bash tests/fuzz/run_replay.sh $(OUT)/replay
accept: all ## run the accept scripts (A=core-4: only those that match)
	@OUT=$(OUT) bash tests/accept/run.sh $(A)
api: $(OUT)/hufud ## hold the API's document against OpenAPI, and walk through it at random
	@bash tests/api/run.sh $(OUT)
api-fuzz: $(OUT)/hufud ## walk through the API at random for MINUTES=10 (SEED=n, MODE=asan)
	@bash tests/api/run.sh $(OUT) --minutes $(or $(MINUTES),10) --seed $(or $(SEED),random)
api-walk: $(OUT)/hufud
	@bash tests/api/run.sh $(OUT) --walks 6 --steps 80
vectors: ## recompute the vectors of docs/protocol.md without our code
	@python3 tests/vectors.py
torture: ## fail every single store call and allocation in turn (slow)
	@$(MAKE) --no-print-directory unit-build
	@TORTURE=full bash tests/lib/run_unit.sh $(OUT)/unit torture

SECONDS_EACH ?= 60
fuzz: ## fuzz each target for SECONDS_EACH (F=name: only that one)
	@$(MAKE) --no-print-directory CC=clang MODE=fuzz OUT=build/fuzz fuzz-build
	@bash tests/fuzz/run_fuzz.sh build/fuzz/fuzzers $(SECONDS_EACH) $(F)
fuzz-build: $(FUZZ:%=$(OUT)/fuzzers/%)

# Tests in which threads of ours meet; the others gain nothing from tsan.
THREADED := $(wildcard tests/unit/test_http_*.c tests/unit/test_transport_*.c \
            tests/unit/test_ledger_writer*.c tests/unit/test_api_*.c \
            tests/unit/test_hufu_app.c)
sanitize: ## unit tests, replay and a walk through the API under asan and ubsan, then tsan
	@bash tests/lib/run_all.sh \
	    asan '$(MAKE) --no-print-directory MODE=asan OUT=$(OUT)-asan unit' \
	    asan-replay '$(MAKE) --no-print-directory MODE=asan OUT=$(OUT)-asan replay' \
	    asan-api '$(MAKE) --no-print-directory MODE=asan OUT=$(OUT)-asan api-walk' \
	    tsan '$(MAKE) --no-print-directory MODE=tsan OUT=$(OUT)-tsan tsan'
tsan:
	@$(MAKE) --no-print-directory UNIT_SRC='$(THREADED)' unit
clang: $(SQL_GEN) ## what clang says of everything; a warning is an error
	@printf '%s\n' $(foreach room,$(rooms),$(wildcard $(room)/*.c)) | \
	    xargs -P $(shell nproc) -n 12 clang -fsyntax-only $(CPPFLAGS) $(CFLAGS) \
	    -DVERSION='"0"' -include base/banned.h
coverage: ## which lines the unit tests reach, by room
	@$(MAKE) --no-print-directory MODE=cov OUT=build/cov unit replay
	@find build/cov/sync build/cov/backend -name '*.gcda' | xargs gcov -n 2>/dev/null | \
	    gawk -f tests/lint/coverage.awk

sim: $(OUT)/sim ## run SEEDS=1000 seeded histories of server and tablets
	@bash tests/sim/run.sh $(OUT)/sim $(or $(SEEDS),1000)

bench: ## measure clone, sync and server beside the machine's own limits
	@$(MAKE) --no-print-directory -s MODE=release bench-run
bench-run: $(OUT)/bench
	@$(OUT)/bench build build/bench.txt 2>build/bench.log || \
	    { grep '^bench:' build/bench.log; exit 1; }
	@OUT=$(OUT) bash tests/bench/day.sh | tee -a build/bench.txt

lint: layers headers format-check lint-scripts ## layers, headers, formatting, symbols, features
lint-scripts: $(OUT)/hufud $(OUT)/$(SONAME)
	@sh tests/lint/civetweb.sh $(OUT)/hufud
	@sh tests/lint/features.sh
	@python3 tests/lint/hufu_h.py $(OUT)/$(SONAME)
	@python3 tests/lint/data_model.py --check
	@python3 tests/lint/situations.py
layers:
	@awk -f tests/lint/layers.awk tests/lint/layers.txt \
	    $(foreach room,$(rooms),$(wildcard $(room)/*.[ch]))
headers: $(SQL_GEN)
	@for h in $(foreach room,$(rooms),$(wildcard $(room)/*.h)); do \
	    $(CC) $(CPPFLAGS) $(CFLAGS) -fsyntax-only -x c $$h || exit 1; done
format-check:
	@clang-format --dry-run --Werror $(foreach room,$(rooms),$(wildcard $(room)/*.[ch]))
# Where things go. DESTDIR is for packagers; what is run afterwards lies under PREFIX.
LIBDIR  ?= $(PREFIX)/lib
INSTALLED := $(addprefix bin/,hufu hufud) include/hufu.h \
             $(addprefix share/man/,man1/hufu.1 man3/libhufu.3 man8/hufud.8)
INSTALLED_LIB := libhufu.a libhufu.so $(SONAME) libhufu.so.$(HUFU_VERSION) \
                 $(addprefix pkgconfig/,libhufu.pc libhufu-static.pc)
D := $(DESTDIR)$(PREFIX)
L := $(DESTDIR)$(LIBDIR)

install: ## build for release and install to PREFIX=/usr/local (DESTDIR=, LIBDIR=)
	@$(MAKE) --no-print-directory -s install-files \
	    $(if $(filter command%,$(origin MODE)),,MODE=release)
# In the archive only hufu_* is global: an app may have a buf_init of its own.
$(OUT)/install/libhufu.a: $(SYNC_OBJS)
	@mkdir -p $(@D)
	$(LD) -r $(SYNC_OBJS) -o $(@D)/libhufu.o
	objcopy --localize-hidden $(@D)/libhufu.o
	@rm -f $@
	$(AR) rcsD $@ $(@D)/libhufu.o
install-files: programs $(OUT)/install/libhufu.a
	@install -d $D/bin $D/include $D/share/hufu $D/share/doc/hufu $L/pkgconfig \
	    $(addprefix $D/share/man/man,1 3 8)
	@install -m 755 $(OUT)/hufu $(OUT)/hufud $D/bin/
	@install -m 644 sync/hufu/hufu.h $D/include/
	@install -m 644 $(OUT)/install/libhufu.a $L/
	@install -m 755 $(OUT)/$(SONAME) $L/libhufu.so.$(HUFU_VERSION)
	@ln -sfn libhufu.so.$(HUFU_VERSION) $L/$(SONAME)
	@ln -sfn $(SONAME) $L/libhufu.so
	@PREFIX=$(PREFIX) LIBDIR=$(LIBDIR) PKGS='$(PKGS)' sh sync/hufu/pkgconfig.sh $(HUFU_VERSION) $L/pkgconfig
	@rm -rf $D/share/hufu/schema && cp -r schema $D/share/hufu/ && rm -rf $D/share/hufu/schema/gen
	@cp -r docs/*.md docs/api docs/examples docs/haproxy.cfg docs/hufud.service docs/verify_draw.py $D/share/doc/hufu/
	@rm -rf $D/share/doc/hufu/examples/__pycache__
	@chmod -R u=rwX,go=rX $D/share/hufu $D/share/doc/hufu
	@sh docs/man.sh hufu $(OUT)/hufu $(HUFU_VERSION) >$D/share/man/man1/hufu.1
	@sh docs/man.sh libhufu sync/hufu/hufu.h $(HUFU_VERSION) >$D/share/man/man3/libhufu.3
	@sh docs/man.sh hufud $(OUT)/hufud $(HUFU_VERSION) >$D/share/man/man8/hufud.8
	@chmod 644 $D/share/man/man[138]/*hufu*
	@[ -n "$(DESTDIR)" ] || ldconfig 2>/dev/null || true
	@echo "installed to $D; libraries in $L"
uninstall: ## remove what install put there
	@rm -f $(addprefix $D/,$(INSTALLED)) $(addprefix $L/,$(INSTALLED_LIB))
	@rm -rf $D/share/hufu $D/share/doc/hufu
	@[ -n "$(DESTDIR)" ] || ldconfig 2>/dev/null || true
	@echo "removed from $D"
clean: ## remove everything that was built
	rm -rf build
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' Makefile

-include $(ALL_OBJS:.o=.d) $(wildcard $(OUT)/tests/*/*.d)
