#!/bin/sh
# man.sh - manual pages out of what says it already: --help of the programs, and
# the public header. usage: man.sh hufu|hufud PROGRAM VERSION
#                           man.sh libhufu sync/hufu/hufu.h VERSION
set -eu
name=$1 source=$2 version=$3
head_of() { # NAME SECTION SENTENCE
	printf '.TH %s %s "" "Hufu %s" "Hufu"\n.SH NAME\n%s \\- %s\n' \
		"$(echo "$1" | tr a-z A-Z)" "$2" "$version" "$1" "$3"
}
verbatim() {
	printf '.nf\n'
	sed -e 's/\\/\\e/g' -e "s/^[.']/\\\\\&&/" -e 's/-/\\-/g'
	printf '.fi\n'
}
case $name in
libhufu)
	head_of libhufu 3 "the tablet's half of Hufu, for programs of others"
	printf '.SH SYNOPSIS\n.B #include <hufu.h>\n.PP\n'
	printf 'cc prog.c $(pkg\\-config \\-\\-cflags \\-\\-libs libhufu)\n.SH HUFU.H\n'
	verbatim <"$source"
	exit ;;
hufu) head_of hufu 1 "edit, sign and sync a replica: the tablet's half" ;;
hufud) head_of hufud 8 "the office's half: server, imports, draws, ratings" ;;
esac
"$source" --help >/dev/null # a program that cannot run has no manual
printf '.SH SYNOPSIS\n'
"$source" --help | verbatim
"$source" --help | sed -n 's/^  \([a-z][a-z]*\)  *[A-Za-z].*/\1/p' | while read -r verb; do
	printf '.SH %s %s\n' "$name" "$verb" | tr a-z A-Z
	"$source" "$verb" --help | verbatim
done
