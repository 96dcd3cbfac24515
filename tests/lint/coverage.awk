# coverage.awk - what `gcov -n` says of each file, added up by room.
# usage: gcov -n ... | awk -f coverage.awk
/^File / { name = $2; gsub(/'/, "", name); next }
/^Lines executed:/ && name ~ /^(sync|backend)\/.*\.c$/ {
	split($2, part, /[:%]/); n = $4; hit = part[2] * n / 100
	if (n > seen[name]) { seen[name] = n; got[name] = hit }
	name = ""
}
END {
	for (name in seen) {
		room = name; sub(/\/[^\/]*$/, "", room)
		lines[room] += seen[name]; hits[room] += got[name]
		all += seen[name]; allhits += got[name]
		if (got[name] < 0.7 * seen[name])
			low[++nlow] = sprintf("%5.1f %%  %s", 100 * got[name] / seen[name], name)
	}
	nrooms = asorti(lines, order)
	for (i = 1; i <= nrooms; i++) {
		room = order[i]
		printf "%-18s %6d lines %6.1f %%\n", room, lines[room], 100 * hits[room] / lines[room]
	}
	asort(low)
	if (nlow) print "below 70 %:"
	for (i = 1; i <= nlow; i++) print "  " low[i]
	printf "%-18s %6d lines %6.1f %%\n", "all", all, all ? 100 * allhits / all : 0
}
