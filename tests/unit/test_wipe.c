/* A terminal that the office orders to be wiped: nothing that was on it is
 * lost, nothing of it stays, and nobody else can give the order. */
#include "test_states_harness.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "blob/whole.h"
#include "ledger/check.h"
#include "ledger/enrol.h"
#include "ledger/quarantine.h"
#include "ledger/rescue.h"
#include "ledger/rescue_impl.h"
#include "replica/evidence.h"
#include "wire/bundle.h"
#include "wire/wipe.h"

#define FAR 1000

static struct account judge;

static struct op op_of(const char *who, unsigned roles)
{
	struct op op = loop_op(&world.loop, &judge, &world.err);

	snprintf(judge.name, sizeof(judge.name), "%s", who);
	judge.roles = roles;
	return op;
}

static char terminal[33], enrolment[33];

static void info_of(int tablet)
{
	json_t *info = NULL;

	if (replica_info(world.tablets[tablet], &info, &world.err) != RC_OK)
		fail_msg("%s", world.err.text);
	snprintf(terminal, sizeof(terminal), "%s", json_text(info, "terminal"));
	snprintf(enrolment, sizeof(enrolment), "%s",
		 json_text(info, "enrolment"));
	json_decref(info);
}

static void order(int tablet)
{
	struct op op = op_of("chen", ROLE_COORDINATOR);

	info_of(tablet);
	if (enrol_wipe(&op, FIELD_SCOPE, terminal, "lost") != RC_OK)
		fail_msg("%s", world.err.text);
}

static enum rc syncs(int tablet)
{
	struct exchange x = loop_exchange(&world.loop);
	struct sync_summary sum;

	err_clear(&world.err);
	return replica_sync(world.tablets[tablet], &x, &sum, &world.err);
}

static void wiped(int tablet)
{
	struct stat st;

	assert_int_equal(syncs(tablet), RC_DENIED);
	if (!strstr(world.err.text, "wiped on"))
		fail_msg("%s", world.err.text);
	assert_int_equal(stat(world.files[tablet], &st), 0);
	assert_int_equal(st.st_size, 512);
	err_clear(&world.err);
}

static bool is_there(const char *end)
{
	char path[200];

	snprintf(path, sizeof(path), "%s%s", world.files[0], end);
	return access(path, F_OK) == 0;
}

/* The app is opened again; without the PIN. */
static void starts(int tablet)
{
	replica_close(world.tablets[tablet]);
	if (replica_open(&world.tablets[tablet], world.files[tablet],
			 &host_system, &world.err) != RC_OK)
		fail_msg("%s", world.err.text);
}

static json_t *opened(void)
{
	struct evidence *evidence = NULL;
	struct op op = op_of("wei", ROLE_ADMINISTRATOR);
	json_t *out = NULL;

	if (evidence_new(&evidence, world.loop.store->dir,
			 &evidence_limits_usual, &world.err) != RC_OK ||
	    rescue_open(&op, FIELD_SCOPE, terminal, evidence, &out) != RC_OK)
		fail_msg("%s", world.err.text);
	assert_string_equal(json_text(out, "state"), "asked");
	json_decref(out);
	op = op_of("chen", ROLE_COORDINATOR);
	if (rescue_open(&op, FIELD_SCOPE, terminal, evidence, &out) != RC_OK)
		fail_msg("%s", world.err.text);
	evidence_free(evidence);
	return out;
}

/* A member of what opening it gave. */
static void opens(int packets, int edits, int unread, int files)
{
	json_t *out = opened();

	assert_int_equal(json_int(out, "packets", -1), packets);
	assert_int_equal(json_int(out, "edits", -1), edits);
	assert_int_equal(json_int(out, "unread", -1), unread);
	assert_int_equal(json_int(out, "files", -1), files);
	json_decref(out);
}

static enum rc adopts(const char *code, const char *kind, const char *id)
{
	struct op op = op_of("li", ROLE_COORDINATOR);
	char packet[OID_HEX_SIZE], sql[200];

	snprintf(sql, sizeof(sql),
		 "SELECT lower(hex(p.oid)) FROM packet p JOIN packet_record r "
		 "ON r.packet=p.number WHERE r.code='%s' AND r.kind='%s' AND "
		 "r.id='%s' ORDER BY p.number",
		 code, kind, id);
	snprintf(packet, sizeof(packet), "%s", field_server(&world, sql));
	err_clear(&world.err);
	return quarantine_close(&op, packet, kind, id, true, "rescued");
}

static void sound(void)
{
	struct check_report report;

	if (ledger_check(world.loop.store, NULL, &report, &world.err) != RC_OK)
		fail_msg("%s", report.fault.what);
	check_report_release(&report);
}

#define VISIT(id, summary)                                                     \
	"INSERT INTO visit(id,subject,town,officers,summary,state) SELECT "    \
	"'" id "','s1',town,'[\"o1\",\"o2\"]','" summary                       \
	"','open' FROM subject WHERE id='s1';"

static void signs(const char *sql)
{
	int packets, records;

	field_exec(&world, 0, sql);
	if (replica_commit(world.tablets[0], "x", &packets, &records,
			   &world.err) != RC_OK)
		fail_msg("%s", world.err.text);
}

/* v1 is on the main line, then changed and signed, then changed and not; v2 is
 * new and nobody signed it. The tablet is locked. */
static void work_make(void)
{
	signs(VISIT("v1", "one room"));
	field_sync(&world, 0);
	signs("UPDATE visit SET summary='two rooms' WHERE id='v1'");
	starts(0);
	field_exec(&world, 0,
		   "UPDATE visit SET reason='complaint' WHERE "
		   "id='v1';" VISIT("v2", "a barn"));
}

/* -- the order -- */

static void an_order_is_for_one_terminal_by_one_server(void **state)
{
	const struct wipe_order o = {
		.id = "x", .terminal = "t", .enrolment = "e", .issued_ms = 5
	};
	struct sign_key key, other;
	struct wipe_order back;
	json_t *order = NULL;

	(void)state;
	sign_key_new(&key, &host_system);
	sign_key_new(&other, &host_system);
	assert_int_equal(wipe_order_write(&order, &o, &key, &world.err), RC_OK);
	assert_int_equal(wipe_order_read(&back, order, key.public, &world.err),
			 RC_OK);
	assert_string_equal(back.terminal, "t");
	assert_int_equal(
		wipe_order_read(&back, order, other.public, &world.err),
		RC_CORRUPT);
	err_clear(&world.err);
	json_object_set_new(order, "terminal", json_string("u"));
	assert_int_equal(wipe_order_read(&back, order, key.public, &world.err),
			 RC_CORRUPT);
	err_clear(&world.err);
	json_object_set_new(order, "format", json_integer(2));
	assert_int_equal(wipe_order_read(&back, order, key.public, &world.err),
			 RC_INVALID);
	err_clear(&world.err);
	json_decref(order);
}

/* What an order to the tablet says, in its file. */
static void order_plant(const char *id, const char *to, const char *of,
			const struct sign_key *key)
{
	struct wipe_order o = { .issued_ms = 5 };
	char sql[1024], *text;
	json_t *order = NULL;

	snprintf(o.id, sizeof(o.id), "%s", id);
	snprintf(o.terminal, sizeof(o.terminal), "%s", to);
	snprintf(o.enrolment, sizeof(o.enrolment), "%s", of);
	assert_int_equal(wipe_order_write(&order, &o, key, &world.err), RC_OK);
	text = json_dumps(order, JSON_COMPACT);
	snprintf(sql, sizeof(sql),
		 "INSERT OR REPLACE INTO hufu_meta(key,value) "
		 "VALUES('wipe','%s')",
		 text);
	free(text);
	json_decref(order);
	field_exec(&world, 0, sql);
}

static void nobody_else_gives_the_order(void **state)
{
	struct sign_key thief;
	char mine[33], own[33];

	(void)state;
	sign_key_new(&thief, &host_system);
	info_of(0);
	memcpy(mine, terminal, sizeof(mine));
	memcpy(own, enrolment, sizeof(own));
	order_plant("x", mine, own, &thief);
	starts(0);
	field_sync(&world, 0);
	/* One to a colleague's, and one to an enrolment of before. */
	info_of(1);
	order_plant("x", terminal, enrolment, &world.loop.store->key);
	starts(0);
	field_sync(&world, 0);
	order_plant("x", mine, enrolment, &world.loop.store->key);
	starts(0);
	field_sync(&world, 0);
	field_exec(&world, 0,
		   "INSERT OR REPLACE INTO hufu_meta VALUES('wipe','{')");
	starts(0);
	field_sync(&world, 0);
	/* And the one that holds, so that this test can fail. */
	order_plant("x", mine, own, &world.loop.store->key);
	starts(0);
	wiped(0);
}

static void who_is_revoked_without_it_keeps_his_data(void **state)
{
	struct op op;

	(void)state;
	work_make();
	info_of(0);
	op = op_of("chen", ROLE_COORDINATOR);
	assert_int_equal(enrol_revoke(&op, FIELD_SCOPE, terminal, "left"),
			 RC_OK);
	assert_int_equal(syncs(0), RC_DENIED);
	assert_null(strstr(world.err.text, "wiped"));
	assert_string_equal(
		field_live(&world, 0, "SELECT reason FROM visit WHERE id='v1'"),
		"complaint");
	err_clear(&world.err);
}

/* -- what was on it -- */

static void all_of_it_can_be_adopted(void **state)
{
	(void)state;
	work_make();
	order(0);
	wiped(0);
	assert_false(is_there(".rescue"));
	/* What he had signed went with the sync that brought the order. */
	opens(0, 2, 0, 0);
	field_office(&world, "visit", "v1",
		     "{\"subject\":\"s1\",\"summary\":\"one room\","
		     "\"state\":\"open\",\"unable_reason\":\"closed\"}");
	/* What nobody signed builds on what he had signed. */
	assert_int_equal(adopts("unsigned", "visit", "v1"), RC_DENIED);
	assert_non_null(strstr(world.err.text, "adopt that first"));
	assert_int_equal(adopts("revoked", "visit", "v1"), RC_OK);
	assert_int_equal(adopts("unsigned", "visit", "v1"), RC_OK);
	assert_int_equal(adopts("unsigned", "visit", "v2"), RC_OK);
	on_server("SELECT summary||' '||reason||' '||unable_reason FROM visit "
		  "WHERE id='v1'",
		  "two rooms complaint closed");
	on_server("SELECT summary FROM visit WHERE id='v2'", "a barn");
	on_server("SELECT count(*) FROM conflict", "0");
	sound();
}

/* The office changed it after he saw it and before he wrote: its own packets
 * are not what he saw. */
static void what_the_office_did_meanwhile_stays(void **state)
{
	(void)state;
	signs(VISIT("v1", "one room"));
	field_sync(&world, 0);
	field_office(&world, "visit", "v1",
		     "{\"subject\":\"s1\",\"summary\":\"a shed\","
		     "\"state\":\"open\"}");
	starts(0);
	field_exec(&world, 0, "UPDATE visit SET reason='complaint'");
	order(0);
	wiped(0);
	opens(0, 1, 0, 0);
	assert_int_equal(adopts("unsigned", "visit", "v1"), RC_OK);
	on_server("SELECT summary||' '||reason FROM visit WHERE id='v1'",
		  "a shed complaint");
}

/* The order is known, and the server never heard of what was signed since. */
static void what_was_signed_is_in_it(void **state)
{
	struct op op = op_of("nobody", ROLE_COORDINATOR);
	json_t *receipt = NULL;
	struct buf file;
	char path[200];

	(void)state;
	work_make();
	order(0);
	order_plant(field_server(&world, "SELECT wipe_order FROM enrolment "
					 "WHERE wipe_order IS NOT NULL"),
		    terminal, enrolment, &world.loop.store->key);
	starts(0);
	snprintf(path, sizeof(path), "%s.rescue", world.files[0]);
	buf_init(&file, BUNDLE_BYTES_MAX);
	if (whole_read(path, &file, &world.err) != RC_OK ||
	    rescue_take(&op, file.data, file.len, &receipt) != RC_OK)
		fail_msg("%s", world.err.text);
	json_decref(receipt);
	buf_release(&file);
	opens(1, 2, 0, 0);
	assert_int_equal(adopts("unsigned", "visit", "v1"), RC_DENIED);
	assert_int_equal(adopts("revoked", "visit", "v1"), RC_OK);
	assert_int_equal(adopts("unsigned", "visit", "v1"), RC_OK);
	on_server("SELECT summary||' '||reason FROM visit WHERE id='v1'",
		  "two rooms complaint");
	sound();
}

static void personal_data_and_broken_rows_come_along(void **state)
{
	struct op op;
	json_t *shown = NULL;

	(void)state;
	starts(0);
	field_exec(&world, 0,
		   "INSERT INTO subject_private(id,phone) "
		   "VALUES('s5','13800000001');"
		   "INSERT INTO visit(id,subject,town,officers,summary) "
		   "VALUES('v7','s1','001','no list','a broken one')");
	order(0);
	wiped(0);
	opens(0, 1, 1, 0);
	op = op_of("chen", ROLE_COORDINATOR);
	assert_int_equal(rescue_show(&op, FIELD_SCOPE, terminal, &shown),
			 RC_OK);
	assert_non_null(strstr(
		json_text(json_array_get(json_object_get(shown, "unread"), 0),
			  "cells"),
		"summary='a broken one'"));
	json_decref(shown);
	/* As it is stored, nobody reads it. */
	on_server("SELECT count(*) FROM packet_record WHERE "
		  "kind='subject_private' AND body LIKE '%13800000001%'",
		  "0");
	assert_int_equal(adopts("unsigned", "subject_private", "s5"), RC_OK);
	on_server("SELECT count(*) FROM subject_private", "1");
}

static void nothing_else_is_taken(void **state)
{
	struct op op = op_of("chen", ROLE_COORDINATOR);
	json_t *receipt = NULL;
	struct bundle_made made;
	struct buf file;
	char path[160];

	(void)state;
	snprintf(path, sizeof(path), "%s/ask", world.dir);
	assert_int_equal(replica_bundle_create(world.tablets[0], path, &made,
					       &world.err),
			 RC_OK);
	buf_init(&file, BUNDLE_BYTES_MAX);
	assert_int_equal(whole_read(path, &file, &world.err), RC_OK);
	assert_int_equal(rescue_take(&op, file.data, file.len, &receipt),
			 RC_INVALID);
	buf_release(&file);
	err_clear(&world.err);
}

/* -- whatever cuts it -- */

static enum rc no_rescue_gets_through(void *ctx,
				      const struct exchange_request *q,
				      struct err *err)
{
	(void)ctx;
	return strcmp(q->path, "/v1/rescue") != 0
		       ? RC_OK
		       : err_set(err, RC_IO, "cannot reach the server");
}

static int edits_found, packets_found;

static enum rc count(void *ctx, const char *name, const json_t *what,
		     const void *bytes, size_t n, struct err *err)
{
	(void)ctx;
	(void)what;
	(void)bytes;
	(void)n;
	(void)err;
	edits_found += !strcmp(name, "edit");
	packets_found += !strcmp(name, "packet");
	return RC_OK;
}

/* All of the work is in the file that was left. */
static void file_has_all(void)
{
	struct enrolled who;
	struct buf file, body;
	char path[200];

	snprintf(path, sizeof(path), "%s.rescue", world.files[0]);
	buf_init(&file, BUNDLE_BYTES_MAX);
	buf_init(&body, BUNDLE_BYTES_MAX);
	edits_found = packets_found = 0;
	if (whole_read(path, &file, &world.err) != RC_OK ||
	    enrolled_load(world.loop.store, enrolment, &who, &world.err) !=
		    RC_OK ||
	    rescue_unseal(world.loop.store, &who, file.data, file.len, &body,
			  &world.err) != RC_OK ||
	    rescue_walk(&body, count, NULL, NULL, &world.err) != RC_OK)
		fail_msg("%s", world.err.text);
	assert_int_equal(edits_found, 2);
	assert_int_equal(packets_found, 0); /* they were receipted */
	enrolled_release(&who);
	buf_release(&file);
	buf_release(&body);
}

/* The order came, and there was neither network nor room. */
static void order_comes_and_nothing_else(void)
{
	work_make();
	order(0);
	world.loop.before = no_rescue_gets_through;
	fault_arm(FAULT_FILE, 1, true);
	assert_int_not_equal(syncs(0), RC_OK);
	fault_clear(FAULT_FILE);
	assert_non_null(strstr(world.err.text, "nothing is yet"));
	err_clear(&world.err);
	assert_false(is_there(".rescue"));
	/* And until it is, nobody works on it. */
	assert_int_equal(replica_commit(world.tablets[0], "x", &(int){ 0 },
					&(int){ 0 }, &world.err),
			 RC_DENIED);
	assert_non_null(strstr(world.err.text, "ordered this terminal"));
	err_clear(&world.err);
}

static void copy_file(const char *from, const char *to)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf %s*; cp %s %s", to, from,
		 to);
	assert_int_equal(system(command), 0);
}

/* Killed at the nth call of the disk, and started again: both ways it ends
 * wiped, with all of the work in the file. */
static long killed_at(const char *kept, enum fault kind, long nth)
{
	struct replica *r = NULL;
	long calls;

	replica_close(world.tablets[0]);
	world.tablets[0] = NULL;
	copy_file(kept, world.files[0]);
	fault_arm(kind, nth, true);
	(void)replica_open(&r, world.files[0], &host_system, &world.err);
	replica_close(r);
	calls = fault_clear(kind);
	err_clear(&world.err);
	if (replica_open(&world.tablets[0], world.files[0], &host_system,
			 &world.err) != RC_OK)
		fail_msg("after call %ld: %s", nth, world.err.text);
	wiped(0);
	file_has_all();
	return calls;
}

static void killed_anywhere_it_goes_on(void **state)
{
	char kept[160];
	long n = 1, calls;

	(void)state;
	order_comes_and_nothing_else();
	replica_close(world.tablets[0]);
	world.tablets[0] = NULL;
	snprintf(kept, sizeof(kept), "%s/kept", world.dir);
	copy_file(world.files[0], kept);
	do
		calls = killed_at(kept, FAULT_FILE, n++);
	while (calls >= n - 1 && n < FAR);
	assert_in_range(n, 8, 60);
	for (n = 1; n < 400; n = n * 3 / 2 + 1)
		(void)killed_at(kept, FAULT_STORE, n);
	/* The network is back. */
	world.loop.before = NULL;
	wiped(0);
	assert_false(is_there(".rescue"));
	opens(0, 2, 0, 0);
}

static void with_a_network_no_room_is_needed(void **state)
{
	(void)state;
	order_comes_and_nothing_else();
	world.loop.before = NULL;
	wiped(0);
	assert_false(is_there(".rescue"));
	opens(0, 2, 0, 0);
}

static struct replica *beside;

/* Another program writes while the rescue is under way. */
static enum rc edit_beside(void *ctx, const struct exchange_request *q,
			   struct err *err)
{
	enum rc rc = RC_OK;

	(void)ctx;
	if (strcmp(q->path, "/v1/rescue") != 0 || !beside)
		return RC_OK;
	rc = replica_exec(beside, VISIT("v8", "at the last moment"), err);
	replica_close(beside);
	beside = NULL;
	return rc;
}

static void what_is_written_meanwhile_is_rescued_too(void **state)
{
	(void)state;
	work_make();
	order(0);
	assert_int_equal(
		replica_open(&beside, world.files[0], &host_system, &world.err),
		RC_OK);
	world.loop.before = edit_beside;
	wiped(0);
	json_decref(opened());
	on_server("SELECT count(DISTINCT id) FROM packet_record WHERE "
		  "code='unsigned'",
		  "3");
}

/* The answer to the rescue is lost: it is sent again, and opened once. */
static enum rc receipts_get_lost(void *ctx, struct exchange_reply *reply,
				 struct err *err)
{
	(void)ctx;
	if (reply->status != 200 || reply->body.data[0] != '{')
		return RC_OK;
	reply->body.len = 0;
	return err_set(err, RC_IO, "cannot reach the server");
}

static void a_lost_receipt_costs_nothing(void **state)
{
	(void)state;
	work_make();
	order(0);
	world.loop.after = receipts_get_lost;
	wiped(0);
	assert_true(is_there(".rescue"));
	world.loop.after = NULL;
	wiped(0);
	assert_false(is_there(".rescue"));
	on_server("SELECT count(*) FROM enrolment WHERE "
		  "json_array_length(rescues)=1",
		  "1");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_order_is_for_one_terminal_by_one_server),
		TEST(nobody_else_gives_the_order),
		TEST(who_is_revoked_without_it_keeps_his_data),
		TEST(all_of_it_can_be_adopted),
		TEST(what_the_office_did_meanwhile_stays),
		TEST(what_was_signed_is_in_it),
		TEST(personal_data_and_broken_rows_come_along),
		TEST(nothing_else_is_taken),
		TEST(killed_anywhere_it_goes_on),
		TEST(with_a_network_no_room_is_needed),
		TEST(what_is_written_meanwhile_is_rescued_too),
		TEST(a_lost_receipt_costs_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
