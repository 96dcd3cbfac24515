/* bench/bench.h - what is measured, on one kind `bench_subject` in one scope.
 *
 * Any failure ends the program with its message: a figure of half a run says
 * nothing. One thread, except where 16 tablets are simulated. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include "api/service.h"
#include "replica/replica.h"
#include "transport/http_client.h"

#define BENCH_SCOPE "330106"
#define BENCH_KIND "bench_subject"
#define BENCH_PIN "246810"
#define BENCH_EDITS_TABLET 100
#define BENCH_EDITS_SERVER 1000
#define BENCH_CLIENTS 16

/* The message on stderr and exit code 1 unless rc is RC_OK. */
void must(enum rc rc, const struct err *err, const char *doing);
double now_s(void);
int64_t file_bytes(const char *path);

/* -- data.c: rows and edits, the same in every run -- */

/* Row i as the fields of a record, with its town; *id has room for 33. */
json_t *row_make(size_t i, char id[33]);
void row_id(size_t i, char id[33]);
struct edit_set {
	size_t rows[BENCH_EDITS_TABLET + BENCH_EDITS_SERVER];
};
/* Which rows of n are edited: [0..10) on both sides in different fields,
 * [10..15) on both in the same, [15..100) on the tablet alone, the rest up to
 * 1,085 on the server alone. */
void edits_pick(struct edit_set *e, size_t n);
#define EDITS_BOTH 15
#define EDITS_ALL 1085
/* One SQL UPDATE of the i-th tablet's edit, on a table with these columns. */
void edit_tablet_sql(char *out, size_t size, const char *table, size_t i,
		     const char *id);
void edit_server_sql(char *out, size_t size, const char *table, size_t i,
		     const char *id);
/* The same of the server, laid over a record's fields. */
void edit_server_json(json_t *record, size_t i);
/* The row of the i-th edit of the server. */
size_t edit_server_row(const struct edit_set *e, size_t i);

/* -- world.c: a server on loopback HTTP and tablets -- */

struct meter { /* an exchange that counts */
	struct exchange inner;
	double seconds; /* inside requests */
	int64_t up, down;
	int requests;
};
struct exchange meter_exchange(struct meter *m);

struct world {
	char dir[160], data[192], url[64];
	struct store *store; /* of this thread, beside the service's */
	struct service *service;
	struct http_server *http;
	size_t rows;
	double load_s;
	struct err err;
};
struct tablet {
	struct replica *replica;
	struct http_client *client;
	struct meter meter;
	char file[192];
};
/* fsyncs are on. The folder is made in `parent`. */
void world_begin(struct world *w, const char *parent, size_t rows);
void world_end(struct world *w);
void world_edit(struct world *w, const struct edit_set *e);
/* Enrolled and unlocked, not cloned. */
void tablet_begin(struct tablet *t, struct world *w, int number);
void tablet_clone(struct tablet *t, struct world *w);
void tablet_end(struct tablet *t);

/* -- clients.c -- */

/* Syncs a second that the server answers when tablets send what they have
 * prepared, each one after another. */
struct clients_figures {
	double per_s; /* one tablet alone: while the server has its request */
	double server_ms, client_ms; /* of processor time, a sync */
	double flushes; /* to the disk, a sync */
};
struct clients;
/* `clients` tablets with `packets` of `rows` rows each, of which each run takes
 * one more than it measures. */
struct clients *clients_begin(struct world *w, int first_tablet, int clients,
			      int packets, int rows);
struct clients_figures clients_run(struct clients *s, int each);
void clients_end(struct clients *s);

/* -- flushes.c: fsync and fdatasync of the whole program since it began -- */
long flushes_so_far(void);
/* From now on each takes so long at least, as on a slower disk; 0: as this
 * disk. */
void flushes_last(long us);

/* -- draw.c -- */

struct draw_figures {
	size_t n;
	double hash_s, order_s; /* of processor time */
	double wall_s; /* of draw_order, on as many threads as it takes */
};
void draw_measure(size_t n, struct draw_figures *f);
/* Hash n lots, and nothing else. */
void lots_hash(size_t n);

/* -- raw.c: what the machine itself can do -- */

/* Seconds to copy a file and fsync the copy. */
double raw_copy(const char *from, const char *to);
/* Bytes of the table's columns, each deflated by itself. */
int64_t raw_columns(const char *replica_file);
/* Durable transactions a second (WAL, synchronous FULL) of `rows` updates. */
double raw_transactions(const char *folder, const char *replica_file, int rows);
/* Seconds that libgit2 takes for a new root after 20 changes in a tree of
 * `rows` records. */
double raw_root(const char *folder, size_t rows);
/* The SQLite session extension exchanges the same edits, in process. */
struct raw_session {
	double seconds;
	int64_t up, down; /* changesets, deflated */
	int conflicts;
};
void raw_session(const char *folder, const char *replica_file,
		 const struct edit_set *e, struct raw_session *out);

#endif
