# lodge: everything is built from here; `make help` lists what there is to do.

CC       ?= cc
FUZZCC   ?= clang
CFLAGS   ?= -O2 -g
WERROR   ?=
B        := build
# One word a step; the whole command with V=1.
V        ?=
Q        := $(if $(V),,@)
say       = $(if $(V),,@echo '  $(1) $@')

# Warnings that find mistakes. libev's watcher macros pun types, hence the two aliasing flags.
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	    -Wwrite-strings -Wno-strict-aliasing $(WERROR)
HARD     := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE -fno-strict-aliasing
STD      := -std=gnu11 -D_GNU_SOURCE -I.
LINK     := -pie -Wl,-z,relro,-z,now -Wl,--as-needed
SAN      := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all -fno-strict-aliasing

VERSION  := $(shell sed -n 's/^## \([0-9.]*\).*/\1/p' CHANGELOG.md | head -n 1)
DEFS     := -DLODGE_VERSION='"$(VERSION)"'

# Cores turn values into values; `make pure` proves that they do nothing else.
CORES    := $(wildcard base/addr.c base/append.c base/near.c base/utf8.c base/cow.c \
	    conf/parse.c conf/node.c conf/scalar.c conf/check.c conf/guest.c conf/print.c conf/errors.c conf/mistakes.c conf/value.c \
	    conf/links.c conf/text.c conf/name.c conf/take.c conf/allow.c conf/redis.c conf/proxy.c conf/web.c conf/disk.c conf/quota.c conf/curb.c conf/document.c conf/nodes.c conf/includes.c \
	    conf/check_names.c conf/check_ports.c conf/check_things.c conf/check_bases.c \
	    proxy/http.c proxy/field.c proxy/body.c proxy/reply.c proxy/exchange.c proxy/tls.c base/name.c conf/route.c \
	    proxy/session.c proxy/redirect.c proxy/h2c.c base/haproxy.c proxy/answer.c proxy/limit.c proxy/seat.c \
	    proxy/quic.c proxy/quic_keys.c proxy/quic_gather.c proxy/quic_hello.c proxy/flow.c proxy/cid.c \
	    proxy/reach.c conf/page.c base/haproxy_read.c \
	    natd/foreign.c \
	    natd/fact.c natd/feature.c natd/ruleset.c natd/plan.c natd/plan_curb.c natd/curbset.c natd/plan_neighbour.c natd/plan_open.c natd/element.c natd/diff.c natd/interval.c natd/print.c natd/nftprint.c \
	    ledger/keys.c ledger/record.c ledger/percentile.c ledger/command.c ledger/meta.c ledger/place.c ledger/refusal.c \
	    acct/frame.c acct/watch.c acct/proof.c acct/world.c acct/tally.c acct/slot.c acct/event.c acct/book.c acct/part.c acct/unpart.c acct/checksum.c acct/life.c acct/unmet.c \
	    launch/cmdline.c launch/ability.c launch/tiny.c launch/filter.c launch/guest.c launch/ring.c launch/mcmsg.c launch/rootfs.c launch/rootfs_systemd.c launch/edit.c \
	    base/table.c base/figure.c ledger/bill.c ledger/when.c ledger/usage_show.c ledger/usage_csv.c \
	    cli/order.c cli/goal.c cli/asked.c cli/rates.c cli/load.c cli/glance.c cli/clip.c cli/next.c)

CORES    += $(wildcard cli/first.c cli/grammar.c cli/grammar_help.c cli/grammar_offer.c)
CORES    += $(wildcard conf/print_guest.c conf/draft.c conf/draft_place.c)
CORES    += $(wildcard base/bpf.c proxy/rules.c proxy/allow.c proxy/rate.c proxy/handover.c)
CORES    += $(wildcard web/ask.c web/out.c web/chart.c web/page.c web/page_home.c web/page_guest.c web/page_quota.c web/page_rows.c \
	    web/style.c web/metrics.c web/confine.c web/crowd.c)

# One archive a room: a program takes from the rooms left of it what it calls, no more.
room      = $(filter-out %/main.c $(2),$(wildcard $(1)/*.c))
BASE     := $(call room,base)
CONF     := $(call room,conf)
LEDGER   := $(call room,ledger)
PRELOAD  := launch/preload.c

PROGRAMS := lodge lodge-proxy lodge-natd lodge-acct lodge-guest lodge-web

.PHONY: all help tested demo check check-guests check-kernel check-ledger check-machine unit fuzz gates layers pure said named system clean format bench-proxy bench-nat bench-acct bench-web bench-guest man
all: $(PROGRAMS:%=$(B)/%) $(B)/lodge-preload.so

help:
	@sh pkg/help Makefile

#: make            build the programs into build/
#: make install    the programs, manual pages, units, completions and examples (PREFIX=/usr/local, DESTDIR=); make uninstall
#: make deb        Debian packages into build/, the same to the bit wherever and whenever they are built
#: make kernel-deb a package of a guest's kernel, KERNEL=FILE or one that is built first
#: make demo       two real guests in namespaces of their own, shown with curl, ssh and redis-cli (root)
#: make check      everything below: unit, fuzz, gates, man, system (root)
#: make tested     all that the tests run, built in parallel before they run one by one
#: make unit       table tests of every core, under the address and undefined-behaviour sanitizers
#: make fuzz       every fuzz target for FUZZ_SECONDS (default 10) each
#: make gates      layers (who includes whom), pure (cores call nothing but memory and strings), said (words of the
#:                 proxy's log and status against its manual) and named (keys, options, sockets against the manual)
#: make man        the manual pages are well formed, and a test names each of their examples
#: make lint       clang-tidy and cppcheck over the tree, gcc -fanalyzer over the cores
#: make coverage   which lines of the cores the unit tests reach: a list, and build/cover/index.html
#: make system     the programs against real guests, kernels and clients (root); ONLY=name picks one
#: make check-ledger  a hundred random faults under traffic, and the bill to the byte after each (root; ROUNDS=, SEED=)
#: make check-package  two builds of the package with one checksum; installed, upgraded and purged in clean systems (root, Debian's archive)
#: make check-guests  ten guests, they, their launchers and the daemons killed at random for five minutes, all up in the end and
#:                 every byte accounted for (root; GUESTS=, LASTS= seconds, SEED=)
#: make check-kernel  kernels of 7.x and 6.1 built from Debian's source into build/kernels/, a guest with each, and what works in it
#:                 (root, Debian's archive; six minutes and more for each)
#: make check-machine  the package on whole machines, Debian 12 with systemd and with sysvinit, in qemu without KVM: units, ceilings, an
#:                 upgrade, reboot, purge (root; the net, once; some 40 minutes; ONLY=systemd or sysvinit; sh pkg/setup machine)
#: make bench-proxy  the proxy beside its peers, the same work in one run (root; bench/README.md)
#: make bench-nat  port ranges as iptables-nft's rules, as nft's, and ours, in one run (root; bench/README.md)
#: make bench-acct who counts bytes: lodge-acct, tcpdump, pmacctd, vnstat, in one run (root; bench/README.md)
#: make bench-web  pages a second of lodge-web on one core (bench/README.md)
#: make bench-guest a guest with the distribution's kernel and with ours, free and on one CPU (root; bench/README.md)
#: make format     clang-format over the tree
#: make clean      remove build/

# --- objects -------------------------------------------------------------------------------------

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC  )
	$(Q)$(CC) $(STD) $(DEFS) $(WARN) $(HARD) $(CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

$(B)/asan/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC  )
	$(Q)$(CC) $(STD) $(DEFS) $(WARN) $(SAN) -MMD -MP -c -o $@ $<

$(B)/fuzzobj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC  )
	$(Q)$(FUZZCC) $(STD) $(DEFS) -g -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-strict-aliasing -MMD -MP -c -o $@ $<

obj  = $(patsubst %.c,$(B)/obj/%.o,$(1))
asan = $(patsubst %.c,$(B)/asan/%.o,$(1))
fobj = $(patsubst %.c,$(B)/fuzzobj/%.o,$(1))

$(B)/base.a:   $(call obj,$(BASE))
$(B)/conf.a:   $(call obj,$(CONF))
$(B)/ledger.a: $(call obj,$(LEDGER))
$(B)/cores.a:  $(call asan,$(CORES))
$(B)/fuzzcores.a: $(call fobj,$(CORES))
%.a:
	@mkdir -p $(@D)
	@rm -f $@
	$(call say,AR  )
	$(Q)ar rcs $@ $^

# --- programs ------------------------------------------------------------------------------------

BASE_LIBS   := -lev -ljansson -lcap-ng -lcrypto
CONF_LIBS   := -lyaml
LEDGER_LIBS := -lhiredis
PROXY_LIBS  := -lcrypto
NATD_LIBS   := -lnftnl -lnetfilter_conntrack -lmnl
ACCT_LIBS   := -lpcap -lmnl
WEB_LIBS    := -lmicrohttpd -lgnutls -lz

LEFT := $(B)/conf.a $(B)/base.a

$(B)/lodge:       $(call obj,$(wildcard cli/*.c))    $(B)/ledger.a $(LEFT)
$(B)/lodge-proxy: $(call obj,$(wildcard proxy/*.c))  $(LEFT)
$(B)/lodge-natd:  $(call obj,$(wildcard natd/*.c))   $(LEFT)
$(B)/lodge-acct:  $(call obj,$(wildcard acct/*.c))   $(B)/ledger.a $(LEFT)
$(B)/lodge-guest: $(call obj,$(filter-out $(PRELOAD),$(wildcard launch/*.c))) $(LEFT)

$(B)/lodge-web:   $(call obj,$(wildcard web/*.c))    $(B)/ledger.a $(LEFT)

$(B)/lodge:       LIBS := $(LEDGER_LIBS) $(CONF_LIBS) $(BASE_LIBS)
$(B)/lodge-proxy: LIBS := $(PROXY_LIBS) $(CONF_LIBS) $(BASE_LIBS)
$(B)/lodge-natd:  LIBS := $(NATD_LIBS) $(CONF_LIBS) $(BASE_LIBS)
$(B)/lodge-acct:  LIBS := $(ACCT_LIBS) $(LEDGER_LIBS) $(CONF_LIBS) $(BASE_LIBS)
$(B)/lodge-web:   LIBS := $(WEB_LIBS) $(LEDGER_LIBS) $(CONF_LIBS) $(BASE_LIBS)
$(B)/lodge-guest: LIBS := $(CONF_LIBS) $(BASE_LIBS) -lutil

$(PROGRAMS:%=$(B)/%):
	$(call say,LINK)
	$(Q)$(CC) $(LINK) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# Loaded into the guest's kernel, which is a program of its own: position independent, libc only.
$(B)/lodge-preload.so: $(PRELOAD)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(STD) $(WARN) $(CFLAGS) -fPIC -shared -Wl,-z,relro,-z,now -MMD -MP -MF $(B)/preload.d -o $@ $<

# --- installed ------------------------------------------------------------------------------------

.PHONY: install uninstall deb kernel-deb check-package
PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
install: all
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' SYSCONFDIR='$(SYSCONFDIR)' sh pkg/install $(B)
uninstall:
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' SYSCONFDIR='$(SYSCONFDIR)' sh pkg/install -u $(B)

deb:
	@VERSION=$(VERSION) sh pkg/deb $(B)

KERNEL ?=
kernel-deb:
	@VERSION=$(VERSION) sh pkg/kernel-deb $(B) $(KERNEL)

# --- unit tests: one file per core, linked with the cores alone ----------------------------------

UNITS := $(patsubst tests/unit/%.c,$(B)/test/%,$(wildcard tests/unit/*.c))

$(B)/test/%: $(B)/asan/tests/unit/%.o $(B)/cores.a
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(SAN) -o $@ $^ -lcmocka -lyaml -lcrypto

# No cores, and tried as they are.
$(B)/test/remedy: $(B)/asan/base/remedy.o
$(B)/test/whole: $(B)/asan/base/whole.o
$(B)/cover/test/remedy: $(B)/cover/base/remedy.o
$(B)/cover/test/whole: $(B)/cover/base/whole.o

unit: $(UNITS)
	@CMOCKA_MESSAGE_OUTPUT=TAP prove -e '' $(UNITS) || \
		{ CMOCKA_MESSAGE_OUTPUT=TAP prove -v -e '' $(UNITS) 2>&1 | grep -v '^ok'; exit 1; }

# --- fuzz targets ---------------------------------------------------------------------------------

FUZZ_SECONDS ?= 10
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/*.c))

$(B)/fuzz/%: $(B)/fuzzobj/tests/fuzz/%.o $(B)/fuzzcores.a
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(FUZZCC) -fsanitize=fuzzer,address,undefined -o $@ $^ -lyaml -lcrypto

fuzz: $(FUZZERS)
	@for f in $(notdir $(FUZZERS)); do sh tests/fuzz/run $(B)/fuzz/$$f $(FUZZ_SECONDS) || exit 1; done

# --- gates ----------------------------------------------------------------------------------------

gates: layers pure said named
layers:
	@sh tests/layers
pure: $(call obj,$(CORES))
	@sh tests/pure $(B) $^

said:
	@mkdir -p $(B) && sh tests/said

named:
	@mkdir -p $(B) && sh tests/named

man:
	@sh tests/man

# --- lint: what a compiler does not look for ------------------------------------------------------

.PHONY: lint cppcheck coverage
ROOMS    := base conf ledger proxy natd acct launch web cli
SOURCES  := $(foreach room,$(ROOMS),$(wildcard $(room)/*.c))

lint: $(SOURCES:%.c=$(B)/lint/%.tidy) $(CORES:%.c=$(B)/lint/%.analyzed) cppcheck
	@echo "lint: ok ($(words $(SOURCES)) files, $(words $(CORES)) cores)"

# The object is there for what it depends on: a file is looked at again when one of its headers changes.
$(B)/lint/%.tidy: %.c $(B)/obj/%.o .clang-tidy
	@mkdir -p $(@D)
	$(call say,TIDY)
	$(Q)clang-tidy --quiet $< -- $(STD) $(DEFS) 2>$@.log || { cat $@.log; exit 1; }
	@touch $@

# Lists grow through void pointers, of which the analyzer loses sight and says that they leak: leaks are looked for by
# LeakSanitizer in the unit tests and fuzz targets of the same cores.
$(B)/lint/%.analyzed: %.c $(B)/obj/%.o
	@mkdir -p $(@D)
	$(call say,SCAN)
	$(Q)$(CC) $(STD) $(DEFS) $(WARN) -O2 -fno-strict-aliasing -fanalyzer -Wno-analyzer-malloc-leak -Werror -c -o /dev/null $<
	@touch $@

cppcheck:
	$(Q)cppcheck --quiet --enable=warning,performance,portability --inline-suppr --std=c11 --error-exitcode=1 -I. -D_GNU_SOURCE \
	    $(DEFS) --suppressions-list=tests/cppcheck --template='{file}:{line}: {id}: {message}' \
	    -j2 $(ROOMS)

# --- coverage: the lines and branches of the cores that the unit tests reach ----------------------

COVERED  := $(patsubst tests/unit/%.c,$(B)/cover/test/%,$(wildcard tests/unit/*.c))

$(B)/cover/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC  )
	$(Q)$(CC) $(STD) $(DEFS) $(WARN) -O0 -g --coverage -fprofile-update=atomic -MMD -MP -c -o $@ $<

$(B)/cover/cores.a: $(CORES:%.c=$(B)/cover/%.o)

$(B)/cover/test/%: $(B)/cover/tests/unit/%.o $(B)/cover/cores.a
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) --coverage -o $@ $^ -lcmocka -lyaml -lcrypto

coverage: $(COVERED)
	@find $(B)/cover -name '*.gcda' -delete
	@CMOCKA_MESSAGE_OUTPUT=TAP prove -Q -e '' $(COVERED)
	@gcovr --root . --object-directory $(B)/cover --filter '($(subst $(eval) ,|,$(ROOMS)))/' --exclude-throw-branches \
	    --html-details $(B)/cover/index.html --print-summary --txt $(B)/cover/lines.txt
	@grep '%' $(B)/cover/lines.txt | sort -k4n | head -n 10
	@echo "coverage: build/cover/index.html has every line"

# --- system ---------------------------------------------------------------------------------------

ONLY ?=
system: all
	@sh tests/system/run $(ONLY)

ROUNDS ?= 100
check-ledger: all
	@ROUNDS=$(ROUNDS) sh tests/system/run bytes_lost

check-package: all
	@VERSION=$(VERSION) sh tests/package_clean $(B)

GUESTS ?= 10
LASTS  ?= 300
check-guests: all
	@GUESTS=$(GUESTS) LASTS=$(LASTS) sh tests/system/run guests_killed

KERNELS ?= 7.x 6.1
check-kernel: all
	@for version in $(KERNELS); do \
		$(B)/lodge kernel build --version $$version --output $(B)/kernels/ || exit 1; \
	done
	@sh tests/system/run kernel_inside

check-machine: all
	@for init in $(or $(ONLY),systemd sysvinit); do sh tests/machine/$$init $(B) || exit 1; done

demo: all
	@sh pkg/demo --run

# --- bench: no part of check, for it needs a quiet machine ----------------------------------------

$(B)/bench-load: $(call obj,$(wildcard bench/*.c))
	$(call say,LINK)
	$(Q)$(CC) $(LINK) $(CFLAGS) $(LDFLAGS) -o $@ $^

WHAT ?=
bench-proxy: $(B)/lodge-proxy $(B)/bench-load
	@python3 bench/proxy $(WHAT)

# The same that carries frames in the tests.
$(B)/bench-wire: $(call obj,tests/system/tapwire.c)
	$(call say,LINK)
	$(Q)$(CC) $(LINK) $(CFLAGS) $(LDFLAGS) -o $@ $^

bench-acct: $(B)/lodge-acct $(B)/bench-load $(B)/bench-wire
	@python3 bench/acct $(WHAT)

# Static: it runs inside a guest, too.
$(B)/bench-inside: bench/inside/inside.c
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(STD) $(WARN) $(CFLAGS) -static -o $@ $<

bench-guest: $(B)/lodge-guest $(B)/lodge-preload.so $(B)/bench-inside
	@python3 bench/guest $(WHAT)

bench-nat: $(B)/lodge-natd $(B)/bench-load
	@python3 bench/nat $(WHAT)

bench-web: $(B)/lodge-web $(B)/lodge
	@python3 bench/web $(WHAT)

# Everything that the tests run, so that it can be built in parallel before they run one by one.
tested: all $(UNITS) $(FUZZERS)

check: unit fuzz gates man system

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf $(B)

.PRECIOUS: $(B)/asan/tests/unit/%.o $(B)/fuzzobj/tests/fuzz/%.o
-include $(shell find $(B) \( -path $(B)/system -o -path $(B)/package -o -path $(B)/machine \) -prune -o -type f -name '*.d' -print 2>/dev/null)
