# enablement_metrics: PGXS build. `make help` lists the targets; test/README.md what else there is to run.

EXTENSION = enablement_metrics
MODULE_big = enablement_metrics

# The folders of src/ in their order: a file includes headers of its own folder and of those before it.
plain = sum128 wide moments tally tally_order chain chain_run chain_memo survival distribution proportion \
	panel jackknife rollout_fit rollout pretrend permutation power
base = module type options instant label label_codes json row call_cache name_table money chart zone elements business_days rounded day
history = deal_event history_bytes history_view deal_history history_states history_queries history_changes
reading = roles funnel_definition progress_promise deal_progress final_run deal_outcome deal_cycle \
	deal_book tenure quota_rules quota_attainment quota_reached history_problems
summary = name_sets engine_errors engine_bytes engine_state engine_view engine_merge known_groups known_state moving_order engine \
	rate_summary amount_summary duration_summary pipeline_summary funnel_check funnel_json funnel_summary event_chunk event_buffer deal_reader state_handover raw_funnel win_check win_summary content_summary quota_summary rollout_summary
report = rate_report amount_report duration_report forecast_report pipeline_report funnel_report win_report content_report rollout_report rollout_chart
compare = compare compare_amounts mantel_haenszel log_rank p_adjust power
follow = transaction_horizon progress record_store history_intake history_builder statement refresh
OBJS = $(foreach folder,plain base history reading summary report compare follow,$($(folder):%=src/$(folder)/%.o))

# The install script is made of src/sql/*.sql, in the order of their names and for the server at hand; src/sql/upgrade holds
# scripts as released.
DATA_built = $(EXTENSION)--1.0.sql
DATA = $(patsubst $(srcdir)/%,%,$(wildcard $(srcdir)/src/sql/upgrade/*.sql))
EXTRA_CLEAN = $(DATA_built)

REGRESS = install business_days deal_event deal_history history_changes rate_summary amount chart duration_summary forecast \
	deal_progress funnel_summary funnel_amounts deal_cycle quota deal_outcome history_problems one_story win_summary \
	content_summary comparison rollout track_histories power mistakes

# Isolation tests: test/specs with test/expected.
ISOLATION = append refresh replaced track
ISOLATION_OPTS = --inputdir=$(srcdir)/test
TAP_TESTS = 1
PROVE_TESTS = test/t/*.pl

PG_CFLAGS = -ffp-contract=off
PG_CPPFLAGS = -I$(srcdir)/src

# An old server is refused before a compiler sees its headers.
PG_CONFIG ?= pg_config
found := $(shell $(PG_CONFIG) --version 2>/dev/null | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))
ifneq ($(filter 9 10 11 12 13 14,$(found)),)
unusable = needs PostgreSQL 15 or later, found $(found) at $(shell command -v $(PG_CONFIG)); name another with PG_CONFIG=
else ifeq ($(PGXS),)
unusable = found no development files of a PostgreSQL server by "$(PG_CONFIG)": run test/setup, or name a pg_config with PG_CONFIG=
endif

ifdef unusable
all install installcheck:
	@echo '$(unusable)' >&2; exit 1
else
include $(PGXS) $(dir $(firstword $(MAKEFILE_LIST)))report/install.mk

# Calls from file to file take no table of addresses; on 15 all symbols are exported. The linker of macOS works so anyway.
ifneq ($(filter linux freebsd netbsd openbsd,$(PORTNAME)),)
SHLIB_LINK += -Wl,-Bsymbolic
endif

# PGXS tracks neither headers nor the directories of a VPATH build.
$(OBJS) $(OBJS:.o=.bc): $(wildcard $(srcdir)/src/*/*.h)
ifneq ($(abspath $(srcdir)),$(CURDIR))
$(OBJS) $(OBJS:.o=.bc): | $(addprefix $(CURDIR)/,$(sort $(dir $(OBJS))))
$(addprefix $(CURDIR)/,$(sort $(dir $(OBJS)))):
	mkdir -p $@
endif
endif

# What follows needs no PostgreSQL yet.
root := $(dir $(firstword $(MAKEFILE_LIST)))
$(DATA_built): $(sort $(wildcard $(root)src/sql/*.*)) FORCE
	awk -v directory='$(root)src/sql' -v major='$(found)' -f '$(root)src/sql/include.awk' $(filter %.sql,$^) >$@
FORCE:

# These bring their own set-up.
FROM =
OUT = report.html

test:
	@'$(root)test/run'

demo:
	@'$(root)test/demo/run' $(if $(FROM),'$(FROM)')

report:
	@'$(root)test/demo/run' -o '$(OUT)' $(if $(FROM),'$(FROM)')

help:
	@echo 'make, make install     build and install for the PostgreSQL of PG_CONFIG (now: $(PG_CONFIG))'
	@echo 'make installcheck      the tests on a running server (TAP tests start their own, and refuse root)'
	@echo 'make test              set-up, build and all tests, in a throw-away server'
	@echo 'make demo              set-up, build, a generated CRM and its report'
	@echo 'make demo FROM=DIR     the same report on real data: DIR has a mapping.sql, or files that test/demo knows'
	@echo 'make report            either of the two as one HTML page that works offline (OUT=report.html)'
	@echo 'test/README.md lists the other tests and tools: other versions, sanitizers, fuzzers, benchmark, package, release'

.PHONY: test demo report help
