#!/usr/bin/env bash
# Programs of others edit, sign and sync by libhufu, from an installed tree.
. "$(dirname "$0")/lib.sh"
unset MAKEFLAGS MAKELEVEL MFLAGS
built=$(dirname "$(readlink -f "$BIN/hufu")")
case $built in *release*) mode=release ;; *) mode=debug ;; esac
ROOTED="DESTDIR=$T/root PREFIX=/usr/local OUT=${built#"$ROOT"/} MODE=$mode"

# installed as a packager would, and found by pkg-config
# shellcheck disable=SC2086
holds "it installs" make -s install $ROOTED
P=$T/root/usr/local
# shellcheck disable=SC2086
holds "and again over itself" make -s install $ROOTED
is "whoever links it asks for its major version" libhufu.so.1 \
	"$(objdump -p "$P/lib/libhufu.so" | awk '$1 == "SONAME" { print $2 }')"
is "it exports hufu_* and nothing else" "" \
	"$(nm -D --defined-only "$P/lib/libhufu.so" | awk '{ print $3 }' | grep -v '^hufu_' || true)"
is "so does the archive" "" \
	"$(nm -g --defined-only "$P/lib/libhufu.a" | awk 'NF == 3 { print $3 }' | grep -v '^hufu_' || true)"
is "with the same functions" "$(nm -D --defined-only "$P/lib/libhufu.so" | awk '{ print $3 }')" \
	"$(nm -g --defined-only "$P/lib/libhufu.a" | awk 'NF == 3 { print $3 }' | sort)"
version=$(sed -n 's/^#define HUFU_VERSION "\(.*\)"/\1/p' "$P/include/hufu.h")
export PKG_CONFIG_SYSROOT_DIR=$T/root PKG_CONFIG_PATH=$P/lib/pkgconfig
is "pkg-config knows the version" "$version" "$(pkg-config --modversion libhufu)"
holds "the programs run from there" "$P/bin/hufu" --version
for page in man1/hufu.1 man8/hufud.8 man3/libhufu.3; do
	is "the manual $page says what it is" 1 "$(grep -c '^.SH NAME' "$P/share/man/$page")"
done
is "each verb of hufu is in its manual" "$(hufu --help | grep -c '^  [a-z]')" \
	"$(grep -c '^.SH HUFU [A-Z]' "$P/share/man/man1/hufu.1")"

# the installed server serves, with the installed kinds
PATH=$P/bin:$PATH district
sqlite3 "$HUFU_DATA/server.db" .tables >/dev/null
PATH=$P/bin:$PATH server_start
PATH=$P/bin:$PATH tablet a o1
on a "INSERT INTO visit(id,subject,town,summary,state) VALUES('v1','s1','001','kitchen','open')"
sync a >/dev/null

# the example in C, linked in four ways with the same command as its first lines say
cp -r "$P/share/doc/hufu/examples" "$T/examples"
cd "$T/examples"
flags="-std=c11 -Wall -Wextra -Werror"
# shellcheck disable=SC2046,SC2086
{
	holds "compiles against the shared library" \
		cc $flags tablet.c $(pkg-config --cflags --libs libhufu sqlite3) -o tablet
	holds "and the archive" \
		cc $flags tablet.c $(pkg-config --cflags --libs libhufu-static) -o tablet-static
	holds "and with an SQLite of its own inside" \
		cc $flags tablet.c $(pkg-config --cflags --libs libhufu) \
		-Wl,--exclude-libs,ALL -l:libsqlite3.a -lm -lpthread -ldl -o tablet-own
	holds "and by C++" \
		clang -x c++ -std=c++11 -Wall -Werror $(pkg-config --cflags libhufu) \
		"$ROOT/tests/accept/protocol-12.cc" -x none $(pkg-config --libs libhufu) -o cpp
}
cd "$ROOT"
is "one needs the library when it runs" 1 "$(objdump -p "$T/examples/tablet" | grep -c 'NEEDED.*libhufu.so.1')"
is "the other does not" 0 "$(objdump -p "$T/examples/tablet-static" | grep -c 'NEEDED.*libhufu' || true)"
is "an SQLite of its own is its own" 0 "$(objdump -p "$T/examples/tablet-own" | grep -c 'NEEDED.*sqlite' || true)"
export LD_LIBRARY_PATH=$P/lib PYTHONDONTWRITEBYTECODE=1
is "C++ says" "libhufu $version: no replica is open" "$("$T/examples/cpp")"
newcode() { hufud terminal code --officer "$1" --scope $S 2>/dev/null; }
# cloned NAME OFFICER COMMAND...
cloned() {
	local name=$1 code; shift
	code=$(newcode "$1"); shift
	"$@" "$T/$name.db" 246810 "$URL" "$code" >"$T/$name.out"
	is "$name cloned" "cloned $S: $(hufud check --json --scope $S | json scopes.0.records) records" \
		"$(tail -n 1 "$T/$name.out")"
}
for name in tablet tablet-static tablet-own; do cloned $name o1 "$T/examples/$name"; done
cloned py o2 python3 "$T/examples/tablet.py"

# each edits by SQL and by calls, signs and syncs; what they say is what is so (what
# they receive has the enrolments of the others in it)
"$T/examples/tablet" "$T/tablet.db" 246810 >"$T/tablet.out"
is "what C tells" "libhufu $version
visit to subject 3
took back 1
2 records changed
visit summary: \"kitchen\" -> \"written by C\"
signed 2 records in 1 packets
sent 2, received N, 0 conflicts, the halves match
progress was told: yes
packet 1: two edits from C, acknowledged
verified; root $(server_root)" "$(sed 's/received [0-9]*/received N/' "$T/tablet.out")"
is "stock sqlite3 sees the visit that came by calls" "a visit from C|s3" \
	"$(on tablet "SELECT summary, subject FROM visit WHERE id<>'v1'")"

python3 "$T/examples/tablet.py" "$T/py.db" 246810 >"$T/py.out"
is "what Python tells, who came second" "libhufu $version
visit to subject 5
took back 1
2 records changed
visit summary: 'kitchen' -> 'written by Python'
signed 2 records in 1 packets
sent 2, received N, 1 conflicts, the halves match
progress was told: receive, send
on the main line: a visit from Python
conflict: visit summary, mine {'summary': 'written by Python'}, theirs {'summary': 'written by C'}
packet 1: two edits from Python, acknowledged
verified; root $(server_root)" "$(sed 's/received [0-9]*/received N/' "$T/py.out")"

for name in tablet-static tablet-own; do
	"$T/examples/$name" "$T/$name.db" 246810 >"$T/$name.out"
	is "$name signed and sent two records" 1 "$(grep -c '^sent 2, .*the halves match$' "$T/$name.out")"
	is "$name has the server's root" "verified; root $(server_root)" "$(tail -n 1 "$T/$name.out")"
done
is "all visits are at the office" 5 "$(hufud export visit --format csv | tail -n +2 | wc -l)"

# the command line reads what the library wrote, and finds by the same functions
is "hufu shows it" "a visit from Python" "$(hufu show visit "$(on py "SELECT id FROM visit WHERE summary='a visit from Python'")" --replica "$T/py.db" | json summary)"
is "hufu finds" "subject      s5                               subject 5" "$(hufu find 'road 5' --replica "$T/py.db")"
is "nothing where nothing is" "nothing found" "$(hufu find xyzzy --replica "$T/py.db")"
on py "UPDATE subject SET name='mine' WHERE id='s5'"
is "live" mine "$(hufu show subject s5 --replica "$T/py.db" | json name)"
is "and main" "subject 5" "$(hufu show subject s5 --main --replica "$T/py.db" | json name)"
fails 1 "no subject 's404'" hufu show subject s404 --replica "$T/py.db"

# failures are said by code and sentence
fails 1 "wrong pin (denied)" python3 "$T/examples/tablet.py" "$T/py.db" 135790
fails 1 "wrong pin (denied)" "$T/examples/tablet" "$T/tablet.db" 135790
fails 1 "no replica '$T/none.db' (not_found)" "$T/examples/tablet" "$T/none.db" 246810
server_stop
fails 1 "cannot reach .*(io)" "$T/examples/tablet" "$T/tablet.db" 246810
is "and the visit that it recorded waits" 1 "$(hufu status --replica "$T/tablet.db" --json | grep -oE '"state":"(local|sent)"' | wc -l)"

# uninstall leaves nothing of ours, and nothing else goes
touch "$P/lib/other.so" "$P/bin/other"
# shellcheck disable=SC2086
holds "it uninstalls" make -s uninstall $ROOTED
is "only what was not ours is left" "bin/other lib/other.so" \
	"$(cd "$P" && find . -type f -o -type l | sed 's|^./||' | sort | tr '\n' ' ' | sed 's/ $//')"
passed
