/* What a tablet believes: nothing that its server did not sign for this very
 * request, and no rows that do not give the signed root. What a server
 * believes: no request that the terminal, no packet that the officer did not
 * sign. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/deflate.h"
#include "base/jcs.h"
#include "ledger/enrol.h"
#include "lib/field.h"
#include "object/oid.h"

#define BODY_MAX (16u << 20)

static struct field_world world;

/* Between tablet and server: answers from one path are altered, or an earlier
 * one is given in their place. */
struct liar {
	const char *path;
	const char *from, *to; /* of the same length, or NULL */
	bool repeats;
	bool forges; /* makes the snapshot's commit again, unsigned */
	struct buf earlier; /* inflated */
	int lies;
};

static struct liar liar;

static int begin(void **state)
{
	(void)state;
	memset(&liar, 0, sizeof(liar));
	buf_init(&liar.earlier, BODY_MAX);
	field_begin(&world, 1);
	return 0;
}

static int end(void **state)
{
	(void)state;
	field_end(&world);
	buf_release(&liar.earlier);
	return 0;
}

/* A main commit of another time, with the id that is right for it. */
static void forge(struct buf *plain)
{
	size_t line = strcspn(plain->data, "\n");
	char *commit, *text, hex[OID_HEX_SIZE];
	struct buf forged;
	json_t *head;
	struct oid oid;

	buf_init(&forged, BODY_MAX);
	assert_int_equal(json_read(plain->data, line, &head, &world.err),
			 RC_OK);
	commit = strdup(json_string_value(json_object_get(head, "commit")));
	memcpy(strstr(commit, "\nTime: ") + 7, "2", 1);
	assert_int_equal(
		oid_of(&oid, OBJECT_COMMIT, commit, strlen(commit), &world.err),
		RC_OK);
	oid_hex(hex, &oid);
	json_object_set_new(head, "commit", json_string(commit));
	json_object_set_new(head, "head", json_string(hex));
	text = json_dumps(head, JSON_COMPACT);
	buf_puts(&forged, text);
	buf_puts(&forged, plain->data + line);
	buf_reset(plain);
	buf_put(plain, forged.data, forged.len);
	liar.lies++;
	free(text);
	free(commit);
	json_decref(head);
	buf_release(&forged);
}

static void alter(struct buf *plain)
{
	size_t n = liar.from ? strlen(liar.from) : 0;

	if (liar.forges)
		forge(plain);

	if (liar.repeats && liar.earlier.len) {
		buf_reset(plain);
		buf_put(plain, liar.earlier.data, liar.earlier.len);
		liar.lies++;
		return;
	}
	buf_reset(&liar.earlier);
	buf_put(&liar.earlier, plain->data, plain->len);
	for (char *at = plain->data; n && (at = strstr(at, liar.from));
	     at += n) {
		memcpy(at, liar.to, n);
		liar.lies++;
	}
}

/* As a terminal that reads format 1 alone asks: its snapshot is plain JSON. */
static struct exchange_request without_format(const struct exchange_request *q)
{
	struct exchange_request older = *q;

	older.nheaders = 0;
	for (size_t i = 0; i < q->nheaders; i++)
		if (strcmp(q->headers[i].name, "Hufu-Format") != 0)
			older.headers[older.nheaders++] = q->headers[i];
	return older;
}

static enum rc lie(void *ctx, const struct exchange_request *q,
		   struct exchange_reply *reply, struct err *err)
{
	const struct exchange_request older = without_format(q);
	struct exchange x = loop_exchange(&world.loop);
	struct exchange_reply inner = { 0 };
	struct buf plain;
	enum rc rc;

	(void)ctx;
	if (strcmp(q->path, liar.path) != 0)
		return x.perform(x.ctx, q, reply, err);
	buf_init(&inner.body, BODY_MAX);
	buf_init(&plain, BODY_MAX);
	rc = x.perform(x.ctx, &older, &inner, err);
	if (rc == RC_OK)
		rc = inflate_all(&plain, inner.body.data, inner.body.len, err);
	if (rc == RC_OK) {
		alter(&plain);
		buf_reset(&inner.body);
		rc = deflate_all(&inner.body, plain.data, plain.len,
				 DEFLATE_LEVEL, err);
	}
	reply->status = inner.status;
	memcpy(reply->etag, inner.etag, sizeof(reply->etag));
	if (rc == RC_OK && reply->sink)
		rc = reply->sink(reply->sink_ctx, inner.body.data,
				 inner.body.len, err);
	else if (rc == RC_OK)
		buf_put(&reply->body, inner.body.data, inner.body.len);
	buf_release(&plain);
	buf_release(&inner.body);
	return rc;
}

static const struct exchange lying = { .perform = lie };

static enum rc sync_once(void)
{
	struct sync_summary s;

	err_clear(&world.err);
	return replica_sync(world.tablets[0], &lying, &s, &world.err);
}

/* The sync fails, says so, and brings nothing; an honest one mends it. */
static void refused(const char *text)
{
	assert_int_equal(sync_once(), RC_CORRUPT);
	assert_true(liar.lies > 0);
	if (!strstr(world.err.text, text))
		fail_msg("'%s' says nothing of '%s'", world.err.text, text);
	assert_string_equal(
		field_live(&world, 0,
			   "SELECT count(*) FROM subject WHERE id='new'"),
		"0");
	liar.from = NULL;
	liar.repeats = false;
	assert_int_equal(sync_once(), RC_OK);
	field_assert_equal(&world, 0);
	assert_string_equal(
		field_live(&world, 0,
			   "SELECT name FROM subject WHERE id='new'"),
		"right");
}

static void the_office_writes(void)
{
	field_office(&world, "subject", "new",
		     "{\"name\":\"right\",\"state\":\"in_business\"}");
}

static void an_altered_answer_is_refused(void **state)
{
	(void)state;
	the_office_writes();
	liar.path = "/v1/sync";
	liar.from = "\"time\":1";
	liar.to = "\"time\":2";
	refused("not signed by this replica's server");
}

static void an_answer_to_another_request_is_refused(void **state)
{
	(void)state;
	liar.path = "/v1/sync";
	assert_int_equal(sync_once(), RC_OK);
	the_office_writes();
	liar.repeats = true;
	refused("not signed by this replica's server");
}

static void an_altered_row_is_refused(void **state)
{
	(void)state;
	the_office_writes();
	liar.path = "/v1/sync";
	liar.from = "right";
	liar.to = "wrong";
	refused("do not match");
}

/* A new tablet, whose first copy is altered. */
static void clone_refused(const char *from, const char *to, const char *text)
{
	struct account admin;
	struct op op = loop_op(&world.loop, &admin, &world.err);
	char code[ENROL_CODE_SIZE];
	struct replica *r;

	snprintf(world.files[1], sizeof(world.files[1]), "%s/new.db",
		 world.dir);
	assert_int_equal(enrol_code_new(&op, "o2", FIELD_SCOPE, code), RC_OK);
	assert_int_equal(
		replica_create(&r, world.files[1], &host_system, &world.err),
		RC_OK);
	world.tablets[1] = r;
	world.ntablets = 2;
	assert_int_equal(replica_enroll(r, &lying, "http://127.0.0.1:1", code,
					FIELD_PIN, &world.err),
			 RC_OK);
	liar.path = "/v1/snapshot/" FIELD_SCOPE;
	liar.from = from;
	liar.to = to;
	assert_int_equal(replica_clone(r, &lying, NULL, NULL, &world.err),
			 RC_CORRUPT);
	assert_true(liar.lies > 0);
	if (!strstr(world.err.text, text))
		fail_msg("'%s' says nothing of '%s'", world.err.text, text);
	err_clear(&world.err);
	assert_string_equal(field_live(&world, 1,
				       "SELECT count(*) FROM sqlite_schema "
				       "WHERE name='subject'"),
			    "0");
	liar.from = NULL;
	liar.forges = false;
	assert_int_equal(replica_clone(r, &lying, NULL, NULL, &world.err),
			 RC_OK);
	field_assert_equal(&world, 1);
}

static void a_snapshot_with_an_altered_row_is_refused(void **state)
{
	(void)state;
	liar.path = "";
	clone_refused("road 7", "road 8", "do not match");
}

static void a_snapshot_with_an_altered_commit_is_refused(void **state)
{
	(void)state;
	liar.path = "";
	clone_refused("Epoch: ", "epoch: ", "");
}

static void
a_snapshot_whose_commit_the_server_did_not_sign_is_refused(void **state)
{
	(void)state;
	liar.path = "";
	liar.forges = true;
	clone_refused(NULL, NULL, "signature");
}

/* Requests whose headers somebody else set, or whose body they touched. */
static enum rc meddle(void *ctx, const struct exchange_request *q,
		      struct exchange_reply *reply, struct err *err)
{
	struct exchange x = loop_exchange(&world.loop);
	struct exchange_request altered = *q;
	const char *header = ctx;
	char value[256];

	for (size_t i = 0; i < q->nheaders; i++) {
		if (strcmp(q->headers[i].name, header) != 0)
			continue;
		snprintf(value, sizeof(value), "%s", q->headers[i].value);
		value[9] = value[9] == 'b' ? 'c' : 'b';
		altered.headers[i].value = value;
		liar.lies++;
	}
	return x.perform(x.ctx, &altered, reply, err);
}

static void a_request_that_the_terminal_did_not_sign_is_refused(void **state)
{
	static const char *const headers[] = { "Hufu-Signature",
					       "Hufu-Terminal" };
	struct sync_summary s;

	(void)state;
	field_exec(&world, 0, "INSERT INTO visit(id,subject) VALUES('v','s1')");
	for (int i = 0; i < 2; i++) {
		const struct exchange x = {
			.perform = meddle, .ctx = (void *)(uintptr_t)headers[i]
		};

		err_clear(&world.err);
		assert_int_equal(
			replica_sync(world.tablets[0], &x, &s, &world.err),
			RC_DENIED);
		assert_int_equal(liar.lies, i + 1);
	}
	assert_string_equal(field_server(&world, "SELECT count(*) FROM packet "
						 "WHERE journal<>'office'"),
			    "0");
	field_sync(&world, 0);
	assert_string_equal(field_server(&world, "SELECT id FROM visit"), "v");
}

/* Whoever has the tablet's file, but not the PIN, changes what was signed. */
static void a_packet_that_the_officer_did_not_sign_is_not_merged(void **state)
{
	struct exchange x = loop_exchange(&world.loop);
	struct sync_summary s;
	int packets, records;

	(void)state;
	field_exec(&world, 0, "INSERT INTO visit(id,subject) VALUES('v','s1')");
	assert_int_equal(replica_commit(world.tablets[0], "a first look",
					&packets, &records, &world.err),
			 RC_OK);
	field_exec(&world, 0,
		   "UPDATE hufu_packet SET body=replace(body,'a first look',"
		   "'a worst look')");
	replica_close(world.tablets[0]);
	assert_int_equal(replica_open(&world.tablets[0], world.files[0],
				      &host_system, &world.err),
			 RC_OK);
	assert_int_not_equal(replica_sync(world.tablets[0], &x, &s, &world.err),
			     RC_OK); /* to sign it anew takes the PIN */
	assert_string_equal(field_server(&world, "SELECT count(*) FROM visit"),
			    "0");
	assert_string_equal(field_server(&world, "SELECT count(*) FROM packet "
						 "WHERE journal<>'office'"),
			    "0");
	assert_string_equal(field_server(&world,
					 "SELECT state||' '||(instr(body,"
					 "'a worst look')>0) FROM held"),
			    "unverifiable 1");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(an_altered_answer_is_refused),
		TEST(an_answer_to_another_request_is_refused),
		TEST(an_altered_row_is_refused),
		TEST(a_snapshot_with_an_altered_row_is_refused),
		TEST(a_snapshot_with_an_altered_commit_is_refused),
		TEST(a_snapshot_whose_commit_the_server_did_not_sign_is_refused),
		TEST(a_request_that_the_terminal_did_not_sign_is_refused),
		TEST(a_packet_that_the_officer_did_not_sign_is_not_merged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
