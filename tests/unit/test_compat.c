/* What earlier versions wrote, and said on the wire, under today's code. Each
 * folder of fixtures/compat is one of them (fixtures/compat/make.sh). */
#include "test_compat_harness.h"

#include "base/arena.h"
#include "base/hex.h"
#include "wire/message.h"

static void folder_is_sound(struct past *p, const json_t *roots)
{
	struct check_report report = { 0 };
	char hex[OID_HEX_SIZE];

	ok(p, ledger_check(p->loop.store, NULL, &report, &p->err));
	assert_true(report.is_sound);
	assert_int_equal(report.nscopes, 2);
	for (size_t i = 0; roots && i < report.nscopes; i++) {
		oid_hex(hex, &report.scopes[i].root);
		assert_string_equal(hex,
				    json_text(roots, report.scopes[i].scope));
	}
	check_report_release(&report);
}

static void tablet_has_roots(struct past *p, struct replica *r,
			     const json_t *roots)
{
	const char *scope;
	json_t *root;
	struct oid oid;
	char hex[OID_HEX_SIZE];

	json_object_foreach((json_t *)(uintptr_t)roots, scope, root)
	{
		ok(p, replica_root(r, scope, &oid, &p->err));
		oid_hex(hex, &oid);
		assert_string_equal(hex, json_string_value(root));
	}
}

static void halves_match(struct past *p, struct replica *r)
{
	static const char *const scopes[] = { "catalog", "330106" };
	struct head head;
	struct oid root;

	for (size_t i = 0; i < 2; i++) {
		ok(p, ledger_head(p->loop.store, scopes[i], &head, &p->err));
		ok(p, replica_root(r, scopes[i], &root, &p->err));
		assert_memory_equal(&head.root, &root, sizeof(root));
	}
}

static void sync_ok(struct past *p, struct replica *r, struct sync_summary *sum)
{
	ok(p, replica_sync(r, &p->x, sum, &p->err));
	assert_true(sum->all_equal);
	assert_false(sum->was_damaged);
	assert_false(sum->restored);
	ok(p, replica_verify(r, &p->err));
	halves_match(p, r);
}

static void edit(struct past *p, struct replica *r, const char *sql)
{
	ok(p, replica_exec(r, sql, &p->err));
}

static void every_server_opens(struct past *p)
{
	const char *folder;
	json_t *roots;

	json_object_foreach(json_object_get(p->wants, "servers"), folder, roots)
	{
		server_open(p, folder);
		folder_is_sound(p, roots);
		loop_release(&p->loop);
		/* What was upgraded is not upgraded again. */
		server_open(p, folder);
		folder_is_sound(p, roots);
		loop_release(&p->loop);
	}
}

static void folders_of_servers_are_opened_and_fit_together(void **state)
{
	(void)state;
	each_past(every_server_opens);
}

static void every_tablet_opens(struct past *p)
{
	const char *file;
	json_t *roots;

	json_object_foreach(json_object_get(p->wants, "tablets"), file, roots)
	{
		struct replica *r = tablet_open(p, file);

		ok(p, replica_check_capture(r, &p->err));
		ok(p, replica_verify(r, &p->err));
		tablet_has_roots(p, r, roots);
		assert_int_equal(replica_mended(r)->triggers, 0);
		replica_close(r);
	}
}

static void files_of_tablets_are_opened_and_verified(void **state)
{
	(void)state;
	each_past(every_tablet_opens);
}

/* The definitions that ship today, as after an upgrade of the server. */
static int kinds_upgrade(struct past *p)
{
	struct account admin;
	struct op op = loop_op(&p->loop, &admin, &p->err);
	int all = 0;
	glob_t found;

	assert_int_equal(glob("schema/kinds/*.json", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		bool changed;

		ok(p, ledger_kind_load(&op, found.gl_pathv[i], &changed));
		all += changed;
	}
	globfree(&found);
	return all;
}

/* A packet that was signed then, an edit that was made then, and one of today:
 * all of them arrive. */
static void edits_arrive(struct past *p)
{
	struct sync_summary sum;
	struct replica *r;

	server_open(p, "after");
	r = tablet_open(p, "edited.db");
	edit(p, r,
	     "INSERT INTO visit(id,subject,summary,state) "
	     "VALUES('v2','s2','seen today','open')");
	sync_ok(p, r, &sum);
	assert_int_equal(sum.packets_sent, 2);
	assert_int_equal(sum.records_sent, 3);
	assert_int_equal(sum.conflicts + sum.quarantined, 0);
	replica_close(r);
	folder_is_sound(p, NULL);
	loop_release(&p->loop);
}

static void work_of_then_is_finished_and_sent_today(void **state)
{
	(void)state;
	each_past(edits_arrive);
}

/* The same where the server has learnt of today's kinds meanwhile. */
static void kinds_arrive(struct past *p)
{
	struct sync_summary sum;
	struct replica *r;
	int changed;

	server_open(p, "before");
	changed = kinds_upgrade(p);
	folder_is_sound(p, NULL);
	r = tablet_open(p, "cloned.db");
	edit(p, r, "UPDATE assignment SET state='in_progress' WHERE id='a1'");
	sync_ok(p, r, &sum);
	assert_int_equal(sum.packets_sent, 2);
	assert_true(sum.records_received >= changed);
	ok(p, replica_check_capture(r, &p->err));
	edit(p, r, "UPDATE visit SET summary='more' WHERE id='v1'");
	sync_ok(p, r, &sum);
	assert_int_equal(sum.records_sent, 1);
	replica_close(r);
	assert_int_equal(kinds_upgrade(p), 0);
	folder_is_sound(p, NULL);
	loop_release(&p->loop);
}

static void todays_kinds_come_under_work_of_then(void **state)
{
	(void)state;
	each_past(kinds_arrive);
}

/* -- what was asked then is answered alike -- */

static json_t *asked(struct past *p, const char *name,
		     struct captured_exchange *e, int64_t now_ms)
{
	struct exchange_reply reply = { 0 };
	json_t *out = NULL;

	exchange_read(p, name, e);
	compat_now_ms = now_ms;
	buf_init(&reply.body, COMPAT_BYTES_MAX);
	ok(p, p->x.perform(p->x.ctx, &e->request, &reply, &p->err));
	if (reply.status != e->status)
		fail_msg("%s: %s gets %d, not %d: %s", p->name, name,
			 reply.status, e->status, reply.body.data);
	assert_string_equal(reply.etag, e->etag);
	if (!strcmp(name, "enroll") || !strcmp(name, "size"))
		ok(p,
		   json_read(reply.body.data, reply.body.len, &out, &p->err));
	else if (strncmp(name, "snapshot", 8) != 0)
		out = lines_of(p, reply.body.data, reply.body.len);
	else
		assert_true(reply.body.len > 0);
	buf_release(&reply.body);
	return out;
}

static void same(struct past *p, const char *what, const json_t *got,
		 const json_t *want)
{
	char *a, *b;

	if (json_equal(got, want))
		return;
	a = json_dumps(got, JSON_SORT_KEYS | JSON_ENCODE_ANY);
	b = json_dumps(want, JSON_SORT_KEYS | JSON_ENCODE_ANY);
	fail_msg("%s: %s: '%s', not '%s'", p->name, what, a, b);
}

/* Every member that was in the answer then has its value; others may come. */
static void enrolment_is_answered(struct past *p)
{
	struct captured_exchange e;
	json_t *want = NULL, *got, *value;
	const char *key;

	server_open(p, "begin");
	exchange_read(p, "enroll", &e);
	ok(p, json_read(e.body, e.body_bytes, &want, &p->err));
	exchange_free(&e);
	got = asked(p, "enroll", &e, json_int(want, "time", 0));
	json_object_foreach(want, key, value)
		same(p, key, json_object_get(got, key), value);
	folder_is_sound(p, json_object_get(json_object_get(p->wants, "servers"),
					   "begun"));
	loop_release(&p->loop);
	exchange_free(&e);
	json_decref(got);
	json_decref(want);
}

static void an_enrolment_of_then_is_the_same_enrolment(void **state)
{
	(void)state;
	each_past(enrolment_is_answered);
}

/* The receipts of all scopes; without what depends on the other records of the
 * main commit where they may be others today. */
static json_t *receipts_of(const json_t *lines, bool whole)
{
	json_t *out = json_array(), *scope, *receipt;
	size_t i, j;

	json_array_foreach(json_object_get(json_array_get(lines, 0), "scopes"),
			   i, scope)
	{
		json_array_foreach(json_object_get(scope, "receipts"), j,
				   receipt)
		{
			json_t *copy = json_deep_copy(receipt);

			if (!whole)
				json_object_del(copy, "main");
			json_array_append_new(out, copy);
		}
	}
	return out;
}

enum alike { ALIKE_RECEIPTS, ALIKE_FOR_EVER, ALIKE_WHOLLY };

static void sync_is_answered(struct past *p, const char *name, enum alike how)
{
	int64_t now_ms = time_of(p, name);
	struct captured_exchange e;
	json_t *got = asked(p, name, &e, now_ms), *want, *a, *b;

	want = lines_of(p, e.body, e.body_bytes);
	a = receipts_of(got, how != ALIKE_RECEIPTS);
	b = receipts_of(want, how != ALIKE_RECEIPTS);
	same(p, name, a, b);
	if (how == ALIKE_WHOLLY) {
		/* The signature covers the time of the answer. */
		json_object_del(json_array_get(got, 0), "time");
		json_object_del(json_array_get(want, 0), "time");
		json_array_remove(got, 1);
		json_array_remove(want, 1);
		same(p, name, got, want);
	}
	json_decref(a);
	json_decref(b);
	json_decref(got);
	json_decref(want);
	exchange_free(&e);
}

static void syncs_are_answered(struct past *p)
{
	/* A merge without a question: all of it, rows and root. */
	server_open(p, "before");
	sync_is_answered(p, "sync-1", ALIKE_WHOLLY);
	folder_is_sound(p, NULL);
	loop_release(&p->loop);
	/* A conflict's record may say more today than it did. */
	server_open(p, "between");
	sync_is_answered(p, "sync-2", ALIKE_RECEIPTS);
	folder_is_sound(p, NULL);
	loop_release(&p->loop);
	/* What was answered is answered so for ever. */
	server_open(p, "after");
	sync_is_answered(p, "sync-1", ALIKE_FOR_EVER);
	sync_is_answered(p, "sync-2", ALIKE_FOR_EVER);
	sync_is_answered(p, "sync-3", ALIKE_WHOLLY);
	folder_is_sound(p, json_object_get(json_object_get(p->wants, "servers"),
					   "after"));
	loop_release(&p->loop);
}

static void a_sync_of_then_has_the_same_receipts_and_roots(void **state)
{
	(void)state;
	each_past(syncs_are_answered);
}

static const char *const snapshots[] = { "snapshot-catalog-1",
					 "snapshot-330106-1",
					 "snapshot-catalog-2",
					 "snapshot-330106-2" };

static void snapshots_are_answered(struct past *p)
{
	struct captured_exchange e;
	const json_t *scope;
	json_t *got;
	size_t i;

	server_open(p, "begun");
	for (i = 0; i < 4; i++) {
		if (!exchange_is_there(p, snapshots[i]))
			continue;
		/* asked() compares the ETag: it is of the same commit */
		got = asked(p, snapshots[i], &e, time_of(p, "sync-1"));
		assert_null(got);
		exchange_free(&e);
	}
	if (exchange_is_there(p, "size")) {
		got = asked(p, "size", &e, time_of(p, "sync-1"));
		json_array_foreach(json_object_get(got, "scopes"), i, scope)
			assert_true(json_int(scope, "records", 0) > 20);
		assert_int_equal(i, 2);
		json_decref(got);
		exchange_free(&e);
	}
	loop_release(&p->loop);
}

static void a_clone_of_then_is_served(void **state)
{
	(void)state;
	each_past(snapshots_are_answered);
}

/* -- what was answered then is understood -- */

struct answering {
	struct past *p;
	int format; /* of the snapshots; 0: a sync */
	int given;
	int later; /* the format that the answer to a sync claims, or 0 */
};

/* The captured lines, bound to the request that a tablet of today wrote. */
static void sync_give(struct answering *a, const struct exchange_request *r,
		      const struct captured_exchange *e, struct buf *body)
{
	struct past *p = a->p;
	json_t *lines = lines_of(p, e->body, e->body_bytes);
	struct wire_request request;
	struct line_writer w;
	struct arena mem;

	if (a->later)
		json_object_set_new(json_array_get(lines, 0), "format",
				    json_integer(a->later));
	arena_init(&mem, COMPAT_BYTES_MAX);
	ok(p,
	   wire_request_read(&request, r->body, r->body_bytes, &mem, &p->err));
	ok(p, line_writer_init(&w, body, &p->err));
	ok(p, answer_begin(&w, json_array_get(lines, 0), &p->loop.store->key,
			   request.digest, &p->err));
	for (size_t i = 2; i + 1 < json_array_size(lines); i++)
		ok(p, line_writer_put(&w, json_array_get(lines, i), &p->err));
	ok(p, line_writer_end(&w, &p->err));
	line_writer_release(&w);
	wire_request_release(&request);
	arena_release(&mem);
	json_decref(lines);
}

static enum rc answer(void *ctx, const struct exchange_request *r,
		      struct exchange_reply *reply, struct err *err)
{
	struct answering *a = ctx;
	struct captured_exchange e;
	char name[64];
	enum rc rc = RC_OK;

	if (!strncmp(r->path, "/v1/snapshot/", 13))
		snprintf(name, sizeof(name), "snapshot-%s-%d", r->path + 13,
			 a->format);
	else if (!strcmp(r->path, "/v1/enroll"))
		snprintf(name, sizeof(name), "enroll");
	else if (!a->format && !strcmp(r->path, "/v1/sync"))
		snprintf(name, sizeof(name), "sync-1");
	else
		return a->p->x.perform(a->p->x.ctx, r, reply, err);
	exchange_read(a->p, name, &e);
	reply->status = e.status;
	snprintf(reply->etag, sizeof(reply->etag), "%s", e.etag);
	if (!strcmp(name, "sync-1"))
		sync_give(a, r, &e, &reply->body);
	else if (reply->sink)
		rc = reply->sink(reply->sink_ctx, e.body, e.body_bytes, err);
	else
		buf_put(&reply->body, e.body, e.body_bytes);
	exchange_free(&e);
	a->given++;
	return rc;
}

static void snapshots_are_read(struct past *p)
{
	for (int format = 1; format <= 2; format++) {
		struct answering a = { .p = p, .format = format };
		const struct exchange x = { .perform = answer, .ctx = &a };
		const json_t *tablets = json_object_get(p->wants, "tablets");
		struct replica *r;
		char command[160];

		if (!exchange_is_there(p, snapshots[2 * format - 1]))
			continue;
		server_open(p, "begun");
		snprintf(command, sizeof(command), "cp %s/enrolled.db %s/%d.db",
			 p->dir, p->dir, format);
		assert_int_equal(system(command), 0);
		r = tablet_open(p, format == 1 ? "1.db" : "2.db");
		ok(p, replica_clone(r, &x, NULL, NULL, &p->err));
		assert_int_equal(a.given, 2);
		ok(p, replica_verify(r, &p->err));
		tablet_has_roots(p, r, json_object_get(tablets, "cloned.db"));
		replica_close(r);
		loop_release(&p->loop);
	}
}

static void snapshots_of_then_are_read(void **state)
{
	(void)state;
	each_past(snapshots_are_read);
}

static void answer_is_read(struct past *p)
{
	struct answering a = { .p = p };
	const struct exchange x = { .perform = answer, .ctx = &a };
	struct sync_summary sum;
	struct replica *r;

	server_open(p, "before");
	r = tablet_open(p, "cloned.db");
	ok(p, replica_sync(r, &x, &sum, &p->err));
	assert_int_equal(a.given, 1);
	assert_true(sum.all_equal);
	assert_int_equal(sum.packets_sent, 1);
	assert_int_equal(sum.merged, 1);
	assert_int_equal(sum.records_received, 2);
	ok(p, replica_verify(r, &p->err));
	replica_close(r);
	loop_release(&p->loop);
}

static void an_answer_of_then_is_read_and_gives_its_root(void **state)
{
	(void)state;
	each_past(answer_is_read);
}

/* A server of a later format is no damage: nothing of its answer is taken, and
 * what waits to be sent is sent once both understand each other. */
static void later_server_is_refused(struct past *p)
{
	struct answering a = { .p = p, .later = 2 };
	const struct exchange x = { .perform = answer, .ctx = &a };
	struct sync_summary sum;
	struct replica *r;

	server_open(p, "before");
	r = tablet_open(p, "cloned.db");
	assert_int_equal(replica_sync(r, &x, &sum, &p->err), RC_INVALID);
	assert_non_null(strstr(p->err.text, "update this program"));
	err_clear(&p->err);
	ok(p, replica_verify(r, &p->err));
	tablet_has_roots(p, r,
			 json_object_get(json_object_get(p->wants, "tablets"),
					 "cloned.db"));
	sync_ok(p, r, &sum);
	assert_int_equal(sum.packets_sent, 1);
	replica_close(r);
	loop_release(&p->loop);
}

static void a_server_of_a_later_format_is_refused_and_nothing_lost(void **state)
{
	(void)state;
	each_past(later_server_is_refused);
}

static void enrolment_is_read(struct past *p)
{
	struct answering a = { .p = p };
	const struct exchange x = { .perform = answer, .ctx = &a };
	struct replica *r;
	json_t *info = NULL;
	char path[128];

	path_of(p, "new.db", path);
	ok(p, replica_create(&r, path, compat_host(), &p->err));
	ok(p, replica_enroll(r, &x, "http://127.0.0.1:1", "some-code",
			     json_text(p->wants, "pin"), &p->err));
	ok(p, replica_info(r, &info, &p->err));
	assert_string_equal(json_text(info, "officer"), "o1");
	assert_int_equal(json_array_size(json_object_get(info, "scopes")), 2);
	json_decref(info);
	replica_close(r);
}

static void an_enrolments_answer_of_then_is_read(void **state)
{
	(void)state;
	each_past(enrolment_is_read);
}

static int setup(void **state)
{
	struct err err = { 0 };

	(void)state;
	return seal_setup(&err) == RC_OK && object_setup(&err) == RC_OK ? 0
									: -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			folders_of_servers_are_opened_and_fit_together),
		cmocka_unit_test(files_of_tablets_are_opened_and_verified),
		cmocka_unit_test(work_of_then_is_finished_and_sent_today),
		cmocka_unit_test(todays_kinds_come_under_work_of_then),
		cmocka_unit_test(an_enrolment_of_then_is_the_same_enrolment),
		cmocka_unit_test(
			a_sync_of_then_has_the_same_receipts_and_roots),
		cmocka_unit_test(a_clone_of_then_is_served),
		cmocka_unit_test(snapshots_of_then_are_read),
		cmocka_unit_test(an_answer_of_then_is_read_and_gives_its_root),
		cmocka_unit_test(
			a_server_of_a_later_format_is_refused_and_nothing_lost),
		cmocka_unit_test(an_enrolments_answer_of_then_is_read),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
