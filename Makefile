# One Makefile for the whole tree. `make help` lists what it can do.

MAKEFLAGS += --no-builtin-rules
MODE    ?= debug
PREFIX  ?= /usr/local
OUT     ?= build/$(MODE)
GEN     := build/gen
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo dev)
SHELL   := /bin/bash

# A room is a folder; adding a file to a room needs no edit here.
SYNC    ?= base db kind merge object tree wire replica transport
BACKEND ?= store ledger domain export mirror http api

PKGS    := sqlite3 jansson libgit2 zlib libsodium libcrypto libcurl
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
           -Wmissing-prototypes -Wold-style-definition -Wpointer-arith \
           -Wcast-qual -Wwrite-strings -Wformat=2 -Wvla -Wundef \
           -Wconversion -Wno-sign-conversion -Wimplicit-fallthrough
CPPFLAGS += -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -DVERSION='"$(VERSION)"' \
            -Isync -Ibackend -I$(GEN) -Itests \
            $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
CFLAGS   += -std=c17 -g $(WARN) -fno-common -ffile-prefix-map=$(CURDIR)=.
LDLIBS   += $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lpthread -lm

ifneq ($(filter debug asan tsan cov,$(MODE)),)
CPPFLAGS += -DWITH_FAULTS
CFLAGS   += -O1 -Werror
else
CFLAGS   += -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LDFLAGS  += -pie -Wl,-z,relro,-z,now
endif
SAN.asan := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SAN.tsan := -fsanitize=thread
SAN.cov  := --coverage
CFLAGS   += $(SAN.$(MODE))
LDFLAGS  += $(SAN.$(MODE))

src   = $(foreach room,$(1),$(wildcard $(room)/*.c))
objs  = $(patsubst %.c,$(OUT)/%.o,$(1))
rooms := $(addprefix sync/,$(SYNC) cli) $(addprefix backend/,$(BACKEND) cli) \
         tests/unit tests/lib tests/sim tests/fuzz tests/bench

SYNC_OBJS    := $(call objs,$(call src,$(addprefix sync/,$(SYNC)))) \
                $(OUT)/gen/sql_sync.gen.o
BACKEND_OBJS := $(call objs,$(call src,$(addprefix backend/,$(BACKEND)))) \
                $(OUT)/gen/sql_store.gen.o
HUFU_OBJS    := $(call objs,$(wildcard sync/cli/*.c))
HUFUD_OBJS   := $(call objs,$(wildcard backend/cli/*.c))
TESTLIB_OBJS := $(call objs,$(wildcard tests/lib/*.c))
UNIT_SRC     ?= $(wildcard tests/unit/test_*.c)
UNIT         := $(patsubst tests/unit/%.c,$(OUT)/unit/%,$(UNIT_SRC))
LIBS         := $(OUT)/libbackend.a $(OUT)/libhufu.a
LIBS_ALL     := -Wl,--start-group $(LIBS) -Wl,--end-group -lcivetweb

.PHONY: all deps demo test unit accept lint layers headers format-check sim fuzz \
        bench vectors clean help FORCE
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

all: build/hufu build/hufud ## build the programs: build/hufu, build/hufud (MODE=debug|release|asan|tsan|cov)

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

$(OUT)/unit/%: $(OUT)/tests/unit/%.o $(OUT)/libtest.a $(LIBS)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $< $(OUT)/libtest.a $(LIBS_ALL) $(LDLIBS) -lcmocka -o $@
.SECONDARY:

$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -include base/banned.h -MMD -MP -c $< -o $@
$(OUT)/gen/%.o: $(GEN)/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

# Statements are named in schema/sql and become constants in build/gen.
SQL_GEN := $(foreach set,sync store,$(GEN)/sql_$(set).gen.h $(GEN)/sql_$(set).gen.c)
$(GEN)/sql_sync.gen.h $(GEN)/sql_sync.gen.c: $(GEN)/sql_sync.gen.%: \
    $(wildcard schema/sql/sync_*.sql) schema/gen/gensql.awk
	@mkdir -p $(@D)
	awk -v out=$* -v set=sync -f schema/gen/gensql.awk $(filter %.sql,$^) > $@
$(GEN)/sql_store.gen.h $(GEN)/sql_store.gen.c: $(GEN)/sql_store.gen.%: \
    $(wildcard schema/sql/store_*.sql) schema/gen/gensql.awk
	@mkdir -p $(@D)
	awk -v out=$* -v set=store -f schema/gen/gensql.awk $(filter %.sql,$^) > $@
ALL_OBJS := $(SYNC_OBJS) $(BACKEND_OBJS) $(HUFU_OBJS) $(HUFUD_OBJS) $(TESTLIB_OBJS)
$(ALL_OBJS) $(patsubst $(OUT)/unit/%,$(OUT)/tests/unit/%.o,$(UNIT)): | $(SQL_GEN)

deps: ## install the Debian packages that are missing (does nothing when none is)
	@sh tests/lib/deps.sh

unit: $(UNIT) ## run the unit tests (T=name runs the programs that match)
	@bash tests/lib/run_unit.sh $(OUT)/unit $(T)

lint: layers headers format-check ## layers, self-contained headers, formatting
layers:
	@awk -f tests/lint/layers.awk tests/lint/layers.txt \
	    $(foreach room,$(rooms),$(wildcard $(room)/*.[ch]))
headers: $(SQL_GEN)
	@for h in $(foreach room,$(rooms),$(wildcard $(room)/*.h)); do \
	    $(CC) $(CPPFLAGS) $(CFLAGS) -fsyntax-only -x c $$h || exit 1; done
format-check:
	@clang-format --dry-run --Werror $(foreach room,$(rooms),$(wildcard $(room)/*.[ch]))
clean: ## remove everything that was built
	rm -rf build
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' Makefile

-include $(ALL_OBJS:.o=.d) $(wildcard $(OUT)/tests/unit/*.d)
