# enablement_metrics: PGXS build. `make`, `make install`, `make installcheck`.

EXTENSION = enablement_metrics
MODULE_big = enablement_metrics

# one object per room, in the order of the floors
OBJS = \
	src/module.o \
	src/label.o \
	src/jsonb_fields.o \
	src/result_row.o \
	src/call_cache.o \
	src/name_table.o \
	src/sum128.o \
	src/tally.o \
	src/counted_summary.o \
	src/chain.o \
	src/deal_event.o \
	src/history_bytes.o \
	src/deal_history.o \
	src/history_reading.o \
	src/proportion.o \
	src/distribution.o \
	src/survival.o \
	src/chart.o \
	src/rate_summary.o \
	src/duration_summary.o \
	src/duration_reading.o \
	src/kind_roles.o \
	src/money_sum.o \
	src/deal_cycle.o \
	src/quota_attainment.o \
	src/quota_summary.o \
	src/funnel_definition.o \
	src/deal_progress.o \
	src/funnel_summary.o \
	src/funnel_reading.o \
	src/event_buffer.o \
	src/funnel_events.o \
	src/deal_outcome.o \
	src/win_bytes.o \
	src/win_summary.o \
	src/win_reading.o \
	src/content_bytes.o \
	src/content_state.o \
	src/content_summary.o \
	src/content_reading.o \
	src/comparison.o \
	src/mantel_haenszel_summary.o \
	src/log_rank_summary.o \
	src/p_adjust.o \
	src/transaction_horizon.o \
	src/history_refresh.o

DATA = src/enablement_metrics--1.0.sql

REGRESS = \
	install \
	deal_event \
	deal_history \
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
	mistakes

# test/specs with test/expected, and test/t: see `make help`
ISOLATION = append refresh track
ISOLATION_OPTS = --inputdir=$(srcdir)/test
TAP_TESTS = 1
PROVE_TESTS = test/t/*.pl

PG_CFLAGS = -ffp-contract=off

PG_CONFIG ?= pg_config
PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))
ifneq ($(PGXS),)
include $(PGXS)

# PGXS tracks neither headers nor the directories of a VPATH build
$(OBJS) $(OBJS:.o=.bc): $(wildcard $(srcdir)/src/*.h) | $(CURDIR)/src
$(CURDIR)/src:
	mkdir -p $@
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
