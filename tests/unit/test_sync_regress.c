/* What the simulator found in replica and ledger, each reduced to the shortest
 * history that shows it. The test's name is the promise that was broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "base/fault.h"
#include "base/jcs.h"
#include "ledger/enrol.h"
#include "lib/loop.h"
#include "replica/replica.h"

#define PIN "246813"
#define COUNTY "330106"
#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

struct world {
	struct loop loop;
	char dir[64];
	struct host host; /* of server and tablet: the system's, but for time */
	int64_t now_ms, skew_ms; /* the tablet's clock is off by the latter */
	struct host tablet_host;
	struct replica *r;
	struct exchange x;
	struct sync_summary sum;
	struct err err;
};

static void ok(struct world *w, enum rc rc)
{
	if (rc != RC_OK)
		fail_msg("%s", w->err.text);
}

static int64_t true_time(void *ctx)
{
	struct world *w = ctx;

	return w->now_ms;
}

static int64_t skewed_time(void *ctx)
{
	struct world *w = ctx;

	return w->now_ms + w->skew_ms;
}

static void boot_id(void *ctx, char out[33])
{
	(void)ctx;
	snprintf(out, 33, "b0");
}

static void random_bytes(void *ctx, void *p, size_t n)
{
	(void)ctx;
	host_random(&host_system, p, n);
}

static void hosts_make(struct world *w)
{
	w->now_ms = INT64_C(1790000000000);
	w->host = (struct host){ .wall_ms = true_time,
				 .monotonic_ms = true_time,
				 .boot_id = boot_id,
				 .random = random_bytes,
				 .ctx = w };
	w->tablet_host = w->host;
	w->tablet_host.wall_ms = skewed_time;
}

static void office(struct world *w, const char *kind, const char *id,
		   const char *json)
{
	ok(w, loop_write(&w->loop, COUNTY, kind, id, json, &w->err));
}

static struct replica *tablet_make(struct world *w, const char *name,
				   const char *officer)
{
	char path[128], code[ENROL_CODE_SIZE];
	struct account admin;
	struct op op = loop_op(&w->loop, &admin, &w->err);
	struct replica *r;

	snprintf(path, sizeof(path), "%s/%s.db", w->dir, name);
	ok(w, enrol_code_new(&op, officer, COUNTY, code));
	ok(w, replica_create(&r, path, &w->tablet_host, &w->err));
	ok(w, replica_enroll(r, &w->x, "http://test", code, PIN, &w->err));
	ok(w, replica_clone(r, &w->x, NULL, NULL, &w->err));
	return r;
}

static int world_make(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	char data[80];

	hosts_make(w);
#ifdef WITH_FAULTS
	pin_cost_for_tests();
#endif
	snprintf(w->dir, sizeof(w->dir), "/tmp/hufu-regress-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(data, sizeof(data), "%s/server", w->dir);
	ok(w, seal_setup(&w->err));
	ok(w, object_setup(&w->err));
	ok(w, loop_init(&w->loop, data, &w->host, &w->err));
	w->x = loop_exchange(&w->loop);
	office(w, "officer", "o1", "{\"name\":\"An\",\"state\":\"active\"}");
	office(w, "officer", "o2", "{\"name\":\"Bo\",\"state\":\"active\"}");
	office(w, "subject", "s1", "{\"name\":\"subject 1\"}");
	office(w, "assignment", "a1",
	       "{\"subject\":\"s1\",\"state\":\"issued\"}");
	w->r = tablet_make(w, "one", "o1");
	*state = w;
	return 0;
}

static int world_free(void **state)
{
	struct world *w = *state;
	char command[128];

	replica_close(w->r);
	loop_release(&w->loop);
	snprintf(command, sizeof(command), "rm -rf %s", w->dir);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

static void edit_and_sync(struct world *w, const char *note)
{
	char sql[120];

	snprintf(sql, sizeof(sql),
		 "UPDATE assignment SET accept_note='%s' WHERE id='a1'", note);
	ok(w, replica_exec(w->r, sql, &w->err));
	ok(w, replica_sync(w->r, &w->x, &w->sum, &w->err));
	assert_true(w->sum.all_equal);
}

static enum rc count_one(void *ctx, const json_t *object, struct err *err)
{
	int *n = ctx;

	(void)object;
	(void)err;
	++*n;
	return RC_OK;
}

static int packets_kept(struct world *w)
{
	int n = 0;

	ok(w, replica_log(w->r, count_one, &n, &w->err));
	return n;
}

/* Packets were forgotten by the tablet's own clock: after a leap by years too
 * early, and out of the middle of the journal. */
static void a_leaping_clock_makes_no_gap_in_the_journal(void **state)
{
	struct world *w = *state;

	w->skew_ms = 1000 * DAY_MS;
	edit_and_sync(w, "one");
	w->skew_ms = -1000 * DAY_MS;
	edit_and_sync(w, "two");
	w->skew_ms = 0;
	edit_and_sync(w, "three");
	ok(w, replica_verify(w->r, &w->err));
	assert_int_equal(packets_kept(w), 3);
}

static void packets_are_forgotten_after_thirty_days(void **state)
{
	struct world *w = *state;

	edit_and_sync(w, "one");
	w->now_ms += 20 * DAY_MS;
	edit_and_sync(w, "two");
	assert_int_equal(packets_kept(w), 2);
	w->now_ms += 11 * DAY_MS;
	edit_and_sync(w, "three");
	assert_int_equal(packets_kept(w), 2);
	ok(w, replica_verify(w->r, &w->err));
	w->now_ms += 31 * DAY_MS;
	edit_and_sync(w, "four");
	assert_int_equal(packets_kept(w), 1);
	ok(w, replica_verify(w->r, &w->err));
}

static void exec(struct world *w, const char *sql)
{
	ok(w, replica_exec(w->r, sql, &w->err));
}

static void commit(struct world *w)
{
	int packets, records;

	ok(w, replica_commit(w->r, "a test", &packets, &records, &w->err));
	assert_int_equal(packets, 1);
}

/* Two packets in one request: what became of the first was looked up before
 * anything had become of it. */
static void what_follows_a_quarantined_change_is_quarantined(void **state)
{
	struct world *w = *state;
	char *main_text;

	exec(w, "UPDATE assignment SET instructions='forged' WHERE id='a1'");
	exec(w, "INSERT INTO hufu_meta(key,value) VALUES"
		"('former assignment/a1','1')");
	commit(w);
	exec(w, "UPDATE assignment SET state='accepted' WHERE id='a1'");
	commit(w);
	ok(w, replica_sync(w->r, &w->x, &w->sum, &w->err));
	assert_int_equal(w->sum.packets_sent, 2);
	assert_int_equal(w->sum.quarantined, 2);
	ok(w, replica_main(w->r, "assignment", "a1", &main_text, &w->err));
	assert_non_null(strstr(main_text, "\"state\":\"issued\""));
	free(main_text);
	/* Seen and done again, it is a change like any other. */
	exec(w, "UPDATE assignment SET state='accepted' WHERE id='a1'");
	ok(w, replica_sync(w->r, &w->x, &w->sum, &w->err));
	assert_int_equal(w->sum.quarantined, 0);
}

#ifdef WITH_FAULTS
/* The request that is received without memory, as it went over the wire. */
static struct {
	struct exchange_request request;
	char terminal[64], signature[128];
	void *body;
	long starve_at; /* allocation that fails at the server; 0: none */
} wire;

static enum rc keep_and_starve(void *ctx, const struct exchange_request *q,
			       struct err *err)
{
	(void)ctx;
	(void)err;
	if (!wire.starve_at)
		return RC_OK;
	free(wire.body);
	wire.body = malloc(q->body_bytes);
	memcpy(wire.body, q->body, q->body_bytes);
	wire.request = (struct exchange_request){ .method = "POST",
						  .path = "/v1/sync",
						  .body = wire.body,
						  .body_bytes = q->body_bytes };
	for (size_t i = 0; i < q->nheaders; i++)
		if (!strcmp(q->headers[i].name, "Hufu-Terminal"))
			snprintf(wire.terminal, sizeof(wire.terminal), "%s",
				 q->headers[i].value);
		else if (!strcmp(q->headers[i].name, "Hufu-Signature"))
			snprintf(wire.signature, sizeof(wire.signature), "%s",
				 q->headers[i].value);
	wire.request.headers[0] =
		(struct exchange_header){ "Hufu-Terminal", wire.terminal };
	wire.request.headers[1] =
		(struct exchange_header){ "Hufu-Signature", wire.signature };
	wire.request.nheaders = 2;
	fault_arm(FAULT_ALLOC, wire.starve_at, false);
	wire.starve_at = 0;
	return RC_OK;
}

/* A packet that was held, for want of memory say, was taken in when the same
 * request came again, beside the one that superseded it. And a terminal whose
 * request found no memory was told that it had not signed it. */
static void a_starved_server_neither_lies_nor_takes_twice(void **state)
{
	struct world *w = *state;
	struct exchange_reply reply;
	struct head before, after;

	w->loop.before = keep_and_starve;
	for (long nth = 1; nth < 400; nth += 1 + nth / 12) {
		char sql[120];
		enum rc rc;

		snprintf(sql, sizeof(sql),
			 "UPDATE assignment SET accept_note='%ld' "
			 "WHERE id='a1'",
			 nth);
		exec(w, sql);
		commit(w);
		wire.starve_at = nth;
		rc = replica_sync(w->r, &w->x, &w->sum, &w->err);
		fault_clear(FAULT_ALLOC);
		assert_int_not_equal(rc, RC_DENIED);
		err_clear(&w->err);
		ok(w, replica_sync(w->r, &w->x, &w->sum, &w->err));
		ok(w, ledger_head(w->loop.store, COUNTY, &before, &w->err));
		memset(&reply, 0, sizeof(reply));
		buf_init(&reply.body, 1 << 20);
		w->loop.before = NULL;
		ok(w, w->x.perform(w->x.ctx, &wire.request, &reply, &w->err));
		w->loop.before = keep_and_starve;
		buf_release(&reply.body);
		ok(w, ledger_head(w->loop.store, COUNTY, &after, &w->err));
		assert_memory_equal(&before.commit, &after.commit, OID_BYTES);
	}
	free(wire.body);
	wire.body = NULL;
}
#endif

#define T(name) cmocka_unit_test_setup_teardown(name, world_make, world_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_leaping_clock_makes_no_gap_in_the_journal),
		T(packets_are_forgotten_after_thirty_days),
		T(what_follows_a_quarantined_change_is_quarantined),
#ifdef WITH_FAULTS
		T(a_starved_server_neither_lies_nor_takes_twice),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
