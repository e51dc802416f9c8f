# Sourced by test/sanitize and test/valgrind, inside their chroots: a server that is watched.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

reports=/tmp/reports

# watch COMMAND: the server's program is run by COMMAND from now on, which writes into $reports; but for
# initdb, where nothing of the extension runs. Its version is that of the programs around it, which look at it.
watch() {
	local server
	server=$(pg_config --bindir)/postgres
	mv "$server" "$server.watched"
	cat >"$server" <<-END
		#!/bin/bash
		case " \$* " in
			*' -V '*) echo "postgres ($("$pg_config" --version | sed 's/ /) /')" && exit ;;
			*' --boot '* | *' --single '* | *' --check '*) exec -a "\$0" "\$0.watched" "\$@" ;;
		esac
		$1 "\$0.watched" "\$@"
	END
	chmod 755 "$server"
	mkdir -m 1777 "$reports"
}

# canary FAULT PATTERN: the fault must be reported, as PATTERN has it; its report is removed.
canary() {
	local fault=$1 pattern=$2 directory=/tmp/canary
	rm -rf "$directory"
	mkdir "$directory"
	make -s -C "$directory" PGXS="$(pg_config --pgxs)" -f "$(pg_config --pgxs)" VPATH="$root/test/canary" MODULES=canary ${BUILD_FLAGS:-} all >/dev/null
	chmod -R a+rX "$directory"
	runuser -u postgres -- pg_virtualenv -v "$version" psql -qc "CREATE FUNCTION $fault(integer) RETURNS integer LANGUAGE c STRICT AS '$directory/canary'" -c "SELECT $fault(4)" >"$directory/log" 2>&1 || true
	if grep -qsE "$pattern" "$reports"/*; then
		echo "ok - $fault is reported"
	else
		cat "$directory/log" "$reports"/* 2>/dev/null
		fail "not ok - $fault goes unnoticed"
	fi
	rm -rf "$directory" "${reports:?}"/*
}

# Shows what was reported, and fails if that is anything.
no_reports() {
	local files
	files=$(find "$reports" -type f -size +0)
	[ -z "$files" ] || { cat $files; fail "$(wc -w <<<"$files") reports, above"; }
}
