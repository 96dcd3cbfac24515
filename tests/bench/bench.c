/* bench.c - figures of clone, sync and server, each beside a raw limit of the
 * same run. docs/performance.md says what each is.
 * usage: bench FOLDER [REPORT]     BENCH_SIZES="10000 100000 1000000"
 *        bench --lots N            only hashes as many lots, for day.sh
 * BENCH_PARTS="district server draw" BENCH_DRAW=10000000 BENCH_FLUSH_US=450 */
#include "bench.h"

#include "base/seal.h"
#include "object/oid.h"
#include "tree/tree.h"

#define SIZES_MAX 8
#define ONE_ROW_SYNCS 100
#define SERVER_ROWS_MAX 20000

/* The server under load, on this disk and on one whose flushes take longer. */
enum { THIS_DISK, SLOW_DISK, DISKS };
struct server_figures {
	double raw_one_ps, raw_twenty_ps;
	struct clients_figures one, sixteen, sixteen_x20;
};

struct figures {
	size_t rows;
	double load_rps;
	double snapshot_s, clone_s, copy_s;
	int64_t clone_b, columns_b, file_b;
	double sync_s, commit_s;
	int64_t up, down;
	int requests, conflicts;
	struct raw_session session;
	double idle_ms;
	int64_t idle_up, idle_down;
	double one_ps, raw_one_ps;
	double root_ms, raw_root_ms;
	struct server_figures server[DISKS];
};

static struct world world;

/* BENCH_PARTS names what is measured, all where it does not. */
static bool is_wanted(const char *part)
{
	const char *parts = getenv("BENCH_PARTS");

	return !parts || strstr(parts, part);
}

static void clone_measure(struct figures *f, struct tablet *t)
{
	struct tablet first;
	char copy[256];
	double from = now_s();

	/* the first clone has the server prepare the snapshot */
	tablet_begin(&first, &world, 1);
	from = now_s();
	tablet_clone(&first, &world);
	f->snapshot_s = now_s() - from;
	tablet_end(&first);
	tablet_begin(t, &world, 0);
	from = now_s();
	tablet_clone(t, &world);
	f->clone_s = now_s() - from;
	f->snapshot_s -= f->clone_s;
	f->clone_b = t->meter.down;
	f->file_b = file_bytes(t->file);
	snprintf(copy, sizeof(copy), "%s/copy", world.dir);
	f->copy_s = raw_copy(t->file, copy);
	f->columns_b = raw_columns(t->file);
}

static struct sync_summary sync_once(struct tablet *t)
{
	struct exchange x = meter_exchange(&t->meter);
	struct sync_summary s;

	must(replica_sync(t->replica, &x, &s, &world.err), &world.err, "sync");
	if (!s.all_equal) {
		fprintf(stderr, "bench: roots differ\n");
		exit(1);
	}
	return s;
}

/* Workload W: 100 rows of the tablet against 1,000 of the server. */
static void edits_measure(struct figures *f, struct tablet *t)
{
	struct sync_summary s;
	struct edit_set e;
	char text[256], id[33];
	int packets, records;
	double from;

	edits_pick(&e, f->rows);
	raw_session(world.dir, t->file, &e, &f->session);
	world_edit(&world, &e);
	must(replica_exec(t->replica, "BEGIN", &world.err), &world.err, "edit");
	for (size_t i = 0; i < BENCH_EDITS_TABLET; i++) {
		row_id(e.rows[i], id);
		edit_tablet_sql(text, sizeof(text), BENCH_KIND, i, id);
		must(replica_exec(t->replica, text, &world.err), &world.err,
		     text);
	}
	must(replica_exec(t->replica, "COMMIT", &world.err), &world.err,
	     "edit");
	from = now_s();
	must(replica_commit(t->replica, "edits", &packets, &records,
			    &world.err),
	     &world.err, "commit");
	f->commit_s = now_s() - from;
	s = sync_once(t);
	f->sync_s = now_s() - from;
	f->up = s.bytes_up;
	f->down = s.bytes_down;
	f->requests = s.requests;
	f->conflicts = s.conflicts;
	if (s.conflicts != 5 || s.records_sent != BENCH_EDITS_TABLET) {
		fprintf(stderr, "bench: %d conflicts, %d records sent\n",
			s.conflicts, s.records_sent);
		exit(1);
	}
}

static void idle_measure(struct figures *f, struct tablet *t)
{
	struct sync_summary s = sync_once(t);
	double from = now_s();

	for (int i = 0; i < 20; i++)
		s = sync_once(t);
	f->idle_ms = (now_s() - from) / 20 * 1000;
	f->idle_up = s.bytes_up;
	f->idle_down = s.bytes_down;
}

static void one_row_measure(struct figures *f, struct tablet *t)
{
	char text[160], id[33];
	double from = now_s();

	for (int i = 0; i < ONE_ROW_SYNCS; i++) {
		row_id((size_t)i, id);
		snprintf(text, sizeof(text),
			 "UPDATE %s SET phone='%d' WHERE id='%s'", BENCH_KIND,
			 i, id);
		must(replica_exec(t->replica, text, &world.err), &world.err,
		     text);
		sync_once(t);
	}
	f->one_ps = ONE_ROW_SYNCS / (now_s() - from);
}

static void root_measure(struct figures *f)
{
	struct tree_change changes[20];
	struct db *db = world.store->db;
	char ids[20][33], town[20][8];
	struct oid root;
	double sum = 0;

	for (int round = 0; round < 50; round++) {
		double from;

		must(db_begin(db, true, &world.err), &world.err, "begin");
		for (int i = 0; i < 20; i++) {
			size_t row = (size_t)(round * 20 + i) * 7 % f->rows;

			row_id(row, ids[i]);
			snprintf(town[i], sizeof(town[i]), "%03zu",
				 1 + row % 10);
			changes[i] = (struct tree_change){
				.kind = BENCH_KIND,
				.id = ids[i],
				.town_before = town[i],
				.town_after = town[i],
				.position = 1,
			};
			memset(changes[i].oid.b, round + 1, OID_BYTES);
		}
		from = now_s();
		must(tree_update(db, BENCH_SCOPE, changes, 20, NULL, &root,
				 NULL, &world.err),
		     &world.err, "tree");
		sum += now_s() - from;
		db_rollback(db);
	}
	f->root_ms = sum / 50 * 1000;
}

static long slow_flush_us(void)
{
	const char *text = getenv("BENCH_FLUSH_US");

	return text ? strtol(text, NULL, 10) : 450;
}

/* 33 clones: the server's work is the same at each size. */
static void server_measure(struct figures *f, const struct tablet *t)
{
	struct clients *one = clients_begin(&world, 2, 1, 602, 1);
	struct clients *sixteen = clients_begin(&world, 3, 16, 202, 1);
	struct clients *x20 = clients_begin(&world, 19, 16, 22, 20);

	for (int disk = 0; disk < DISKS; disk++) {
		struct server_figures *g = &f->server[disk];

		flushes_last(disk == SLOW_DISK ? slow_flush_us() : 0);
		g->raw_one_ps = raw_transactions(world.dir, t->file, 1);
		g->raw_twenty_ps = raw_transactions(world.dir, t->file, 20);
		g->one = clients_run(one, 300);
		g->sixteen = clients_run(sixteen, 100);
		g->sixteen_x20 = clients_run(x20, 10);
	}
	flushes_last(0);
	clients_end(one);
	clients_end(sixteen);
	clients_end(x20);
}

static void district_measure(struct figures *f, struct tablet *t)
{
	clone_measure(f, t);
	edits_measure(f, t);
	idle_measure(f, t);
	one_row_measure(f, t);
	f->raw_one_ps = raw_transactions(world.dir, t->file, 1);
	root_measure(f);
	f->raw_root_ms = raw_root(world.dir, f->rows) * 1000;
}

static void size_measure(struct figures *f, const char *folder)
{
	struct tablet t;

	world_begin(&world, folder, f->rows);
	f->load_rps = (double)f->rows / world.load_s;
	if (is_wanted("district")) {
		district_measure(f, &t);
	} else {
		tablet_begin(&t, &world, 0);
		tablet_clone(&t, &world);
	}
	if (is_wanted("server") && f->rows <= SERVER_ROWS_MAX)
		server_measure(f, &t);
	tablet_end(&t);
	world_end(&world);
}

static void line(FILE *out, const char *what, const char *ours, const char *raw,
		 const char *limit, const char *ratio)
{
	fprintf(out, "| %-30s | %14s | %14s | %-34s | %8s |\n", what, ours, raw,
		limit, ratio);
}

/* Our figure, the raw one and ours / raw. */
static void row(FILE *out, const char *what, double ours, double raw,
		const char *unit, const char *limit)
{
	char a[32], b[32], c[32] = "";

	snprintf(a, sizeof(a), "%.*f %s", ours < 100 ? 2 : 0, ours, unit);
	snprintf(b, sizeof(b), "%.*f %s", raw < 100 ? 2 : 0, raw, unit);
	if (raw > 0)
		snprintf(c, sizeof(c), "%.2f", ours / raw);
	line(out, what, a, raw > 0 ? b : "", limit, c);
}

static void clients_row(FILE *out, const char *what, const char *rows,
			const struct clients_figures *f, double raw)
{
	char text[64], limit[64];

	snprintf(text, sizeof(text), "prepared, %s", what);
	snprintf(limit, sizeof(limit), "durable transactions of %s", rows);
	row(out, text, f->per_s, raw, "/s", limit);
	row(out, "  the server's processor time", f->server_ms, 0, "ms", "");
	row(out, "  the client's", f->client_ms, 0, "ms", "");
	row(out, "  flushes a sync", f->flushes, 1, "", "a transaction each");
}

static void server_print(FILE *out, const struct figures *f)
{
	for (int disk = 0; disk < DISKS; disk++) {
		const struct server_figures *g = &f->server[disk];

		if (disk == SLOW_DISK)
			fprintf(out, "\nwhere a flush takes %ld us\n\n",
				slow_flush_us());
		clients_row(out, "1 tablet, 1 row", "1 row", &g->one,
			    g->raw_one_ps);
		clients_row(out, "16 tablets, 1 row", "1 row", &g->sixteen,
			    g->raw_one_ps);
		clients_row(out, "16 tablets, 20 rows", "20 rows",
			    &g->sixteen_x20, g->raw_twenty_ps);
	}
}

static void district_print(FILE *out, const struct figures *f)
{
	row(out, "load by the office", f->load_rps, 0, "rows/s", "");
	row(out, "snapshot prepared, once", f->snapshot_s, 0, "s", "");
	row(out, "clone: time", f->clone_s, f->copy_s, "s",
	    "copy of the file, fsync");
	row(out, "clone: bytes", (double)f->clone_b / 1e6,
	    (double)f->columns_b / 1e6, "MB", "zlib of each column");
	row(out, "replica file", (double)f->file_b / 1e6, 0, "MB", "");
	row(out, "sync of W: time", f->sync_s * 1000, f->session.seconds * 1000,
	    "ms", "session changesets, no network");
	row(out, "sync of W: commit in it", f->commit_s * 1000, 0, "ms", "");
	row(out, "sync of W: up", (double)f->up / 1e3,
	    (double)f->session.up / 1e3, "KB", "session changeset, zlib");
	row(out, "sync of W: down", (double)f->down / 1e3,
	    (double)f->session.down / 1e3, "KB", "session changeset, zlib");
	row(out, "sync of W: requests", f->requests, 0, "", "");
	row(out, "idle sync: time", f->idle_ms, 0, "ms", "");
	row(out, "idle sync: up", (double)f->idle_up, 0, "B", "");
	row(out, "idle sync: down", (double)f->idle_down, 0, "B", "");
	row(out, "1-row syncs, whole", f->one_ps, f->raw_one_ps, "/s",
	    "durable transactions of 1 row");
	row(out, "root after 20 changes", f->root_ms, f->raw_root_ms, "ms",
	    "libgit2's git_tree_create_updated");
}

static void size_print(FILE *out, const struct figures *f)
{
	fprintf(out, "\n%zu rows\n\n", f->rows);
	line(out, "", "Hufu", "raw", "raw limit", "ratio");
	line(out, "---", "---:", "---:", "---", "---:");
	if (is_wanted("district"))
		district_print(out, f);
	if (is_wanted("server") && f->rows <= SERVER_ROWS_MAX)
		server_print(out, f);
}

static void growth_print(FILE *out, const struct figures *a,
			 const struct figures *b)
{
	fprintf(out,
		"\ngrowth from %zu to %zu rows (%.0f x)\n\n"
		"| %-24s | %8s | %s\n| %-24s | %8s |\n",
		a->rows, b->rows, (double)b->rows / (double)a->rows, "", "Hufu",
		"session |", "---", "---: | ---:");
	fprintf(out, "| %-24s | %8.2f | %.2f |\n", "sync of W",
		b->sync_s / a->sync_s, b->session.seconds / a->session.seconds);
	fprintf(out, "| %-24s | %8.2f | %.2f |\n", "sync of W, bytes",
		(double)(b->up + b->down) / (double)(a->up + a->down),
		(double)(b->session.up + b->session.down) /
			(double)(a->session.up + a->session.down));
	fprintf(out, "| %-24s | %8.2f | |\n", "idle sync",
		b->idle_ms / a->idle_ms);
	fprintf(out, "| %-24s | %8.2f | |\n", "1-row sync",
		a->one_ps / b->one_ps);
	fprintf(out, "| %-24s | %8.2f | |\n", "root after 20 changes",
		b->root_ms / a->root_ms);
	fprintf(out, "| %-24s | %8.2f | |\n", "clone", b->clone_s / a->clone_s);
}

static void draw_print(FILE *out, const struct draw_figures *f)
{
	fprintf(out, "\ndraw of %zu subjects\n\n", f->n);
	row(out, "lots, processor time", f->order_s, f->hash_s, "s",
	    "one thread that only hashes");
	row(out, "lots, time", f->wall_s, f->hash_s, "s",
	    "one thread that only hashes");
}

static size_t draw_size(void)
{
	const char *text = getenv("BENCH_DRAW");

	return text ? strtoul(text, NULL, 10) : 10000000;
}

static size_t sizes_read(struct figures *all)
{
	const char *text = getenv("BENCH_SIZES");
	size_t n = 0;
	char *end;

	text = text ? text : "10000 100000 1000000";
	for (; n < SIZES_MAX; n++, text = end) {
		all[n].rows = strtoul(text, &end, 10);
		if (end == text)
			break;
		if (all[n].rows < 4000) {
			fprintf(stderr, "bench: a size is at least 4000\n");
			exit(2);
		}
	}
	return n;
}

int main(int argc, char **argv)
{
	struct figures all[SIZES_MAX + 1] = { 0 };
	struct draw_figures draw = { 0 };
	struct err err = { 0 };
	FILE *report;
	size_t n;

	if (argc == 3 && !strcmp(argv[1], "--lots")) {
		lots_hash(strtoul(argv[2], NULL, 10));
		return 0;
	}
	n = sizes_read(all);
	if (argc < 2 || n == 0) {
		fprintf(stderr, "usage: %s FOLDER [REPORT]\n", argv[0]);
		return 2;
	}
	must(seal_setup(&err), &err, "setup");
	must(object_setup(&err), &err, "setup");
	for (size_t i = 0; i < n; i++) {
		size_measure(&all[i], argv[1]);
		size_print(stdout, &all[i]);
		fflush(stdout);
	}
	if (n > 1 && is_wanted("district"))
		growth_print(stdout, &all[0], &all[n - 1]);
	if (is_wanted("draw") && draw_size() > 0) {
		draw_measure(draw_size(), &draw);
		draw_print(stdout, &draw);
	}
	report = argc > 2 ? fopen(argv[2], "a") : NULL;
	if (report) {
		for (size_t i = 0; i < n; i++)
			size_print(report, &all[i]);
		if (n > 1 && is_wanted("district"))
			growth_print(report, &all[0], &all[n - 1]);
		if (draw.n)
			draw_print(report, &draw);
		fclose(report);
	}
	return 0;
}
