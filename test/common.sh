# Sourced by test/setup, test/run and test/demo/run: where things are, and a private build.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DATA     # of the make that called us

fail() { printf '%s\n' "$*" >&2; exit 1; }

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Sets pg_config and version (15): of PG_CONFIG when it names one, else of the
# newest server here; both empty where there is none.
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
	[ -z "$pg_config" ] || version=$("$pg_config" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
}

# Makes sure that all is there, copies the tree to $work (removed at exit),
# builds it there and installs it. Output goes to $work/build.log.
build_and_install() {
	local target install
	"$root/test/setup"
	find_postgres
	for target in $(compgen -e | grep '^PG'); do unset "$target"; done	# not the user's own server
	export PG_CONFIG=$pg_config
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	mkdir "$work/tree"
	tar -C "$root" --exclude=./.git --exclude=./node_modules --exclude='*.o' --exclude='*.bc' --exclude='*.so' \
		--exclude=./report.html --exclude=./results --exclude=./output_iso --exclude=./tmp_check -cf - . | tar -C "$work/tree" -xf - --no-same-owner
	echo "Building for $("$pg_config" --version)"
	make -s --no-print-directory -C "$work/tree" -j"$(nproc)" >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; fail "The build failed."; }
	grep -A3 'warning:' "$work/build.log" || true
	install=$("$pg_config" --pkglibdir)
	echo "Installing into $install and $("$pg_config" --sharedir)/extension"
	if [ -w "$install" ] && [ -w "$("$pg_config" --sharedir)/extension" ]; then
		make -C "$work/tree" install >"$work/build.log" 2>&1
	elif command -v sudo >/dev/null; then
		sudo make -C "$work/tree" install PG_CONFIG="$pg_config" >"$work/build.log" 2>&1
	else
		fail "$(id -un) may not write there, and there is no sudo: run this as root."
	fi || { cat "$work/build.log" >&2; fail "Could not install there: run this as root, or as a user with sudo."; }
}
