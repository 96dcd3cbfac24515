#!/bin/sh
# pkgconfig.sh - libhufu.pc, for the shared library (and `pkg-config --static`
# where all that it needs is static, too), and libhufu-static.pc, for our archive
# with everybody else's shared libraries.
# usage: PREFIX=/usr LIBDIR=/usr/lib PKGS='sqlite3 ...' pkgconfig.sh VERSION FOLDER
set -eu
version=$1 folder=$2
write() { # NAME LINES...
	name=$1; shift
	{
		printf 'prefix=%s\nlibdir=%s\nincludedir=${prefix}/include\n\n' "$PREFIX" "$LIBDIR"
		printf 'Name: %s\nVersion: %s\n' "$name" "$version"
		printf 'Description: the tablet half of Hufu: edit a replica offline, sign, sync, verify\n'
		printf '%s\n' "$@"
		printf 'Cflags: -I${includedir}\n'
	} >"$folder/$name.pc"
	chmod 644 "$folder/$name.pc"
}
write libhufu "Requires.private: $PKGS" 'Libs: -L${libdir} -lhufu' 'Libs.private: -lpthread -lm'
write libhufu-static "Requires: $PKGS" 'Libs: -L${libdir} -l:libhufu.a -lpthread -lm'
