# enablement_metrics: PGXS build. `make`, `make install`, `make installcheck`.

EXTENSION = enablement_metrics
MODULE_big = enablement_metrics

# the floors of src/, from below: a file includes headers of its own folder and of those before it
plain = sum128 tally chain survival distribution proportion \
	panel jackknife rollout_fit rollout pretrend permutation power
base = module type label json row call_cache name_table money chart zone business_days
history = deal_event history_bytes deal_history history_states history_queries history_changes
reading = roles funnel_definition deal_progress deal_outcome deal_cycle \
	deal_book quota_rules quota_attainment quota_reached
summary = name_sets engine_state engine_bytes engine rate_summary duration_summary funnel_summary event_buffer raw_funnel \
	win_bytes win_summary content_bytes content_state content_summary quota_summary
report = duration_report funnel_report win_report content_report
compare = compare mantel_haenszel log_rank p_adjust power
follow = transaction_horizon statement refresh
OBJS = $(foreach floor,plain base history reading summary report compare follow,$($(floor):%=src/$(floor)/%.o))

# the install script, in the order of the file names
DATA_built = $(EXTENSION)--1.0.sql
EXTRA_CLEAN = $(DATA_built)

REGRESS = \
	install \
	business_days \
	deal_event \
	deal_history \
	history_changes \
	rate_summary \
	chart \
	duration_summary \
	deal_progress \
	funnel_summary \
	deal_cycle \
	quota \
	deal_outcome \
	win_summary \
	content_summary \
	comparison \
	track_histories \
	power \
	mistakes

# test/specs with test/expected, and test/t: see `make help`
ISOLATION = append refresh replaced track
ISOLATION_OPTS = --inputdir=$(srcdir)/test
TAP_TESTS = 1
PROVE_TESTS = test/t/*.pl

PG_CFLAGS = -ffp-contract=off
PG_CPPFLAGS = -I$(srcdir)/src

PG_CONFIG ?= pg_config
PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))
ifneq ($(PGXS),)
include $(PGXS)

# PGXS tracks neither headers nor the directories of a VPATH build
$(OBJS) $(OBJS:.o=.bc): $(wildcard $(srcdir)/src/*/*.h)
ifneq ($(abspath $(srcdir)),$(CURDIR))
$(OBJS) $(OBJS:.o=.bc): | $(addprefix $(CURDIR)/,$(sort $(dir $(OBJS))))
$(addprefix $(CURDIR)/,$(sort $(dir $(OBJS)))):
	mkdir -p $@
endif

$(DATA_built): $(sort $(wildcard $(srcdir)/src/sql/*))
	awk -v directory=$(srcdir)/src/sql -f $(srcdir)/src/sql/include.awk $(filter %.sql,$^) >$@
else
all install installcheck:
	@echo 'PostgreSQL server development files not found by "$(PG_CONFIG)": run test/setup, or name a pg_config with PG_CONFIG=' >&2
	@exit 1
endif

# what follows brings its own set-up and needs no PostgreSQL yet
root := $(dir $(firstword $(MAKEFILE_LIST)))

demo:
	@'$(root)test/demo/run' $(if $(filter command%,$(origin DATA)),'$(DATA)')

OUT = report.html
report:
	@'$(root)test/demo/run' -o '$(OUT)' $(if $(filter command%,$(origin DATA)),'$(DATA)')

test:
	@'$(root)test/run'

oracle:
	@'$(root)test/oracle/run'

bench:
	@'$(root)test/bench/run'

bench-profile:
	@JOBS=profile '$(root)test/bench/run'

bench-refresh:
	@'$(root)test/bench/refresh'

fuzz:
	@'$(root)test/fuzz/run' $(SECONDS)

upgrade:
	@'$(root)test/upgrade/run'

matrix sanitize valgrind coverage package dist:
	@'$(root)test/$@'

matrix-clean:
	@'$(root)test/chroot' --clean

help:
	@echo 'make, make install     build and install for the PostgreSQL of PG_CONFIG (now: $(PG_CONFIG))'
	@echo 'make installcheck      regression, isolation and TAP tests on a running server (TAP: not as root)'
	@echo 'make test              set-up, build and all of those in a throw-away server'
	@echo 'make demo              set-up, build, a generated CRM and its report'
	@echo 'make demo DATA=DIR     the same report on real data: see test/demo/*.sql for what is known'
	@echo 'make report            either of the two as one page of HTML that needs no network (OUT=report.html)'
	@echo 'make bench             speed beside plain SQL, DuckDB and ClickHouse, as a table (DEALS=n RUNS=n WORKERS=n JOBS=names)'
	@echo 'make bench-profile     where the time of its heaviest jobs goes'
	@echo 'test/citus/run         a report on the Citus cluster of PGHOST, PGPORT, ... against local tables (--local: without Citus)'
	@echo 'make bench-refresh     incremental refreshes against rebuilds (DEALS=n)'
	@echo 'make fuzz SECONDS=n    libFuzzer on parsers and validators, n seconds each (60; TARGETS="chain deal_event")'
	@echo 'make upgrade           pg_upgrade of a cluster with every type, 15 to VERSIONS="17 18", in chroots'
	@echo 'make oracle            the readings against independent implementations (CASES=n)'
	@echo 'make matrix            all tests on other versions, in chroots (VERSIONS="15 17 18 19"); make matrix-clean removes those'
	@echo 'make sanitize          all tests under the address and undefined-behaviour sanitizers'
	@echo 'make valgrind          the tests under valgrind, on a server with assertions (TESTS="test/t/...")'
	@echo 'make coverage          the lines and branches of src/ that the tests run'
	@echo 'make package           the Debian package, built, checked and tested in a chroot (OUT=DIR keeps it)'
	@echo 'make dist              the release archive'

.PHONY: demo report test oracle bench bench-profile bench-refresh fuzz upgrade matrix matrix-clean sanitize valgrind coverage package dist help
