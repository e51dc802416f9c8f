# Sourced by what runs in test/: where things are, a private build, steps that are counted, and an end without leftovers.

set -euo pipefail
export LC_ALL=C.UTF-8		# whatever the caller forwards: a locale that is not here stops initdb
unset LANGUAGE
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES FROM     # of the make that called us

fail() { printf '%s\n' "$*" >&2; exit 1; }

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

oldest=15		# that the extension is built for; the Makefile says so too

# Sets pg_config and version (15): of PG_CONFIG when it names one, else of the newest server here; both are empty where
# there is none that is new enough.
find_postgres() {
	local server
	pg_config='' version=''
	if [ -n "${PG_CONFIG:-}" ] && [ "$PG_CONFIG" != pg_config ]; then
		pg_config=$(command -v "$PG_CONFIG") || fail "PG_CONFIG names no program: $PG_CONFIG"
	else
		server=$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort -V | tail -n 1)
		if [ -x "${server%/*}/pg_config" ]; then
			pg_config=${server%/*}/pg_config
		else
			pg_config=$(command -v pg_config || true)
		fi
	fi
	[ -n "$pg_config" ] || return 0

	version=$("$pg_config" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
	[ "$version" -lt "$oldest" ] || return 0
	[ "${PG_CONFIG:-pg_config}" = pg_config ] || fail "needs PostgreSQL $oldest or later, found $version at $pg_config; name another with PG_CONFIG="
	pg_config='' version=''
}

# guarded COMMAND...: runs it in a process group of its own, which end_all ends. A signal to this script is then handled
# at once, not when the command has finished.
guarded() {
	local status=0
	set -m
	"$@" </dev/null &
	guarded=$!
	set +m
	wait "$guarded" || status=$?
	guarded=''
	return "$status"
}

# Ends the guarded command and the servers below $work, and removes $work unless WORK names it.
end_all() {
	local pid again
	if [ -n "${guarded:-}" ]; then
		kill -TERM -- "-$guarded" 2>/dev/null || true
		wait "$guarded" 2>/dev/null || true
	fi
	[ -n "${work:-}" ] || return 0
	for again in 1 2 3 4 5; do
		local pids=()
		mapfile -t pids < <(find "$work" -name postmaster.pid -exec head -qn 1 {} + 2>/dev/null)
		for pid in "${pids[@]}"; do kill -QUIT "$pid" 2>/dev/null || true; done
		[ ${#pids[@]} -gt 0 ] || break
		sleep 1
	done
	[ -n "${WORK:-}" ] || rm -rf "$work"
}
trap end_all EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
trap 'exit 129' HUP

# Sets clang: the one that the server's packages bring.
find_clang() {
	clang=$(sed -n 's/^CLANG = //p' "$(dirname "$("$pg_config" --pgxs)")/../Makefile.global")
}

# step NAME COMMAND...: runs it and adds to passed and failed what its last `N passed, N failed` says. A command that
# says nothing counts as one, and so does one that dies; exit status 77 is a test skipped, kept in skipped.
passed=0 failed=0 skipped=() results=() failures=()
step() {
	local name=$1 log status=0 result line='^([0-9]+) passed, ([0-9]+) failed$'
	shift
	log=$(mktemp)
	printf '\n== %s\n' "$name"
	SECONDS=0
	shown() {		# its output but for its sum
		set +e
		(set -e; "$@") 2>&1 | tee "$log" | grep --line-buffered -vE "$line"
		return "${PIPESTATUS[0]}"
	}
	guarded shown "$@" || status=$?
	result=$(sed -nE "s/$line/\1 \2/p" "$log" | tail -n 1)
	if [ "$status" = 77 ]; then
		skipped+=("$name: $(sed -n 's/^skipped: //p' "$log" | tail -n 1)")
	else
		mapfile -t -O ${#skipped[@]} skipped < <(sed -n "s/^SKIPPED /$name: /p" "$log")
		[ -n "$result" ] || result=$([ "$status" = 0 ] && echo 1 0 || echo 0 1)
		[ "$status" = 0 ] || [ "${result#* }" != 0 ] || result="${result% *} 1"
		passed=$((passed + ${result% *}))
		failed=$((failed + ${result#* }))
	fi
	results+=("$name: ${result:+${result% *} passed, ${result#* } failed, }$SECONDS s")
	echo "== $name: exit status $status, ${result:+${result% *} passed, ${result#* } failed, }$SECONDS s"
	if [ "$status" != 0 ] && [ "$status" != 77 ]; then
		mapfile -t -O ${#failures[@]} failures < <(failure "$log" | sed "s/^/$name: /")
	fi
	rm -f "$log"
}

# What a log says of a failure: the tests that failed with what they said next, the complaints, and how it ended.
failure() {
	{
		grep -aE -A8 '^not ok|\.\.\. FAILED' "$1" || true
		grep -aE 'FINDING|runtime error:|ERROR: AddressSanitizer|Dubious|^(#   )?Failed |died|^E: ' "$1" || true
		tail -n 5 "$1"
	} | cut -c1-300 | awk '!seen[$0]++' | head -n 60
}

# What the steps before came to, and of those that failed what they said; the last line is the sum, and the exit status.
steps_done() {
	echo
	[ ${#skipped[@]} = 0 ] || printf 'SKIPPED %s\n' "${skipped[@]}"
	printf '%s\n' "${results[@]}"
	[ ${#failures[@]} = 0 ] || printf 'FAILED %s\n' "${failures[@]}"
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
}

# announce TEXT: says which step begins; steps_total is how many there are.
steps_total=0 steps_begun=0
announce() {
	steps_begun=$((steps_begun + 1))
	printf '[%d of %d] %s\n' "$steps_begun" "$steps_total" "$*"
}

# ticking SAYS COMMAND...: runs it, and every ten seconds says how long it takes already and what the command SAYS prints;
# nothing while that fails.
ticking() {
	local says=$1 status=0 ticker said
	shift
	(
		exec 9<> <(:)
		while ! read -rt 10 -u 9; do
			if said=$($says); then printf '  %d s %s\n' "$SECONDS" "$said"; fi
		done
	) &
	ticker=$!
	"$@" || status=$?
	kill "$ticker" 2>/dev/null || true
	wait "$ticker" 2>/dev/null || true
	return "$status"
}

# How far a build is; after the objects come those for the just-in-time compiler, where the server has one.
compiled() {
	printf '(%d of %d files compiled, %d for the just-in-time compiler)' "$(find "$work/tree/src" -name '*.o' | wc -l)" "$(find "$work/tree/src" -name '*.c' | wc -l)" "$(find "$work/tree/src" -name '*.bc' | wc -l)"
}

# With PG_CONFIG set: builds the tree in $work, and installs it.
build_tree() {
	make -s --no-print-directory -C "$work/tree" -j"$(nproc)" ${BUILD_FLAGS:-} >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; fail "The build failed."; }
	grep -A3 'warning:' "$work/build.log" || true
}

# Makes sure that all is there, copies the tree to $work (removed at exit),
# builds it there and installs it. Output goes to $work/build.log.
build_and_install() {
	local target install
	[ "$steps_total" -gt 0 ] || steps_total=3
	announce 'Looking for what building needs'
	"$root/test/setup"
	find_postgres
	for target in $(compgen -e | sed -n '/^PG_TEST_/d; /^PG/p'); do unset "$target"; done	# not the user's own server
	export PG_CONFIG=$pg_config
	work=${WORK:-}		# where named, it stays
	[ -n "$work" ] || work=$(mktemp -d)
	mkdir -p "$work/tree"
	tar -C "$root" --exclude=./.git --exclude=./node_modules --exclude='*.o' --exclude='*.bc' --exclude='*.so' \
		--exclude=./report.html --exclude=./results --exclude=./output_iso --exclude=./tmp_check --exclude=./build -cf - . | tar -C "$work/tree" -xf - --no-same-owner
	announce "Building for $("$pg_config" --version)"
	ticking compiled build_tree
	install=$("$pg_config" --pkglibdir)
	announce "Installing into $install and $("$pg_config" --sharedir)/extension"
	if [ -w "$install" ] && [ -w "$("$pg_config" --sharedir)/extension" ]; then
		make -C "$work/tree" install ${BUILD_FLAGS:-} >"$work/build.log" 2>&1
	elif command -v sudo >/dev/null; then
		sudo make -C "$work/tree" install ${BUILD_FLAGS:-} PG_CONFIG="$pg_config" >"$work/build.log" 2>&1
	else
		fail "$(id -un) may not write there, and there is no sudo: run this as root."
	fi || { cat "$work/build.log" >&2; fail "Could not install there: run this as root, or as a user with sudo."; }
}
