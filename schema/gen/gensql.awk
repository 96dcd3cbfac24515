# gensql.awk - turn named statements of schema/sql/*.sql into C constants.
# usage: awk -v out=h|c -v set=NAME -f gensql.awk FILE.sql ...
# A statement begins with `-- name: word` and becomes `const char SQL_WORD[]`;
# `-- script: word` names several statements that are run as one script.
BEGIN { n = 0 }
/^-- (name|script): / {
	name = toupper($3); names[n] = name; script[n++] = $2 == "script:"; next
}
/^[ \t]*--/ || !NF { next }
{ gsub(/["\\]/, "\\\\&"); gsub(/^[ \t]+/, " "); text[name] = text[name] $0 " " }
END {
	guard = "SQL_" toupper(set) "_GEN_H"
	if (out == "h") {
		print "/* made from schema/sql by gensql.awk */\n#ifndef " guard "\n#define " guard "\n"
		for (i = 0; i < n; i++) printf "extern const char SQL_%s[];\n", names[i]
		print "\n/* every statement but the scripts, NULL at the end */"
		printf "extern const char *const sql_%s_all[];\n\n#endif\n", set
	} else {
		printf "#include \"sql_%s.gen.h\"\n\n", set
		for (i = 0; i < n; i++) printf "const char SQL_%s[] = \"%s\";\n", names[i], text[names[i]]
		printf "\nconst char *const sql_%s_all[] = {\n", set
		for (i = 0; i < n; i++) if (!script[i]) printf "\tSQL_%s,\n", names[i]
		print "\t(const char *)0,\n};"
	}
}
