/* The nth store call or allocation fails while the office writes, a tablet
 * clones, and a change of the schema arrives; and while a record is merged. */
#include "torture.h"

#include "base/jcs.h"
#include "ledger/check.h"
#include "ledger/enrol.h"
#include "merge/merge.h"
#include "replica/replica_impl.h"

static struct field_world world;
static char kept[192]; /* a copy of tablet 0's file, to begin from again */
static int turn;

static void must(enum rc rc, const char *what)
{
	if (rc != RC_OK)
		fail_msg("turn %d, %s: %s (%s)", turn, what, world.err.text,
			 rc_name(rc));
}

static void copy(const char *from, const char *to)
{
	char command[512];

	snprintf(command, sizeof(command), "rm -f %s* && cp %s %s", to, from,
		 to);
	assert_int_equal(system(command), 0);
}

static int begin(void **state)
{
	(void)state;
	field_begin(&world, 1);
	snprintf(kept, sizeof(kept), "%s/kept", world.dir);
	turn = 0;
	return 0;
}

static int end(void **state)
{
	(void)state;
	field_end(&world);
	return 0;
}

static void server_opens(void)
{
	must(loop_reopen(&world.loop, &world.err), "server");
}

static void server_is_sound(void)
{
	struct check_report report = { 0 };

	if (ledger_check(world.loop.store, NULL, &report, &world.err) != RC_OK)
		fail_msg("turn %d, server: %s %s %s", turn, report.fault.what,
			 report.fault.why, world.err.text);
	check_report_release(&report);
}

/* -- the office: a new record, a changed one, and one whose key is minted -- */

static struct head head_before;

static struct head head_now(void)
{
	struct head head;

	must(ledger_head(world.loop.store, FIELD_SCOPE, &head, &world.err),
	     "head");
	return head;
}

static json_t *json_of(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static json_t *json_of(const char *format, ...)
{
	va_list ap;
	struct err err = { 0 };
	json_t *value = NULL;
	char text[200];

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	assert_int_equal(json_read(text, strlen(text), &value, &err), RC_OK);
	return value;
}

static json_t *office_fields[3]; /* what is written in this turn */

static void office_prepare(void *ctx)
{
	(void)ctx;
	turn++;
	head_before = head_now();
	office_fields[0] =
		json_of("{\"subject\":\"s1\",\"summary\":\"%d\"}", turn);
	office_fields[1] = json_of(
		"{\"name\":\"subject %d\",\"state\":\"in_business\"}", turn);
	office_fields[2] = json_of("{\"phone\":\"%d\"}", turn);
}

static enum rc office_write(int *new_records, struct err *err)
{
	char visit[16], private[16];
	struct office_record records[3] = {
		{ .kind = "visit", .id = visit, .record = office_fields[0] },
		{ .kind = "subject", .id = "s1", .record = office_fields[1] },
		{ .kind = "subject_private",
		  .id = private,
		  .record = office_fields[2] },
	};
	struct office_write w = { .scope = FIELD_SCOPE,
				  .operation = "torture",
				  .message = "three at once",
				  .records = records,
				  .n = 3 };
	struct account admin = { .name = "admin",
				 .roles = ROLE_ADMINISTRATOR | ROLE_COORDINATOR,
				 .scopes = "*" };
	struct op op = { .store = world.loop.store,
			 .actor = &admin,
			 .now_ms = host_wall_ms(&host_system),
			 .err = err };
	enum rc rc;

	snprintf(visit, sizeof(visit), "v%d", turn);
	snprintf(private, sizeof(private), "p%d", turn);
	rc = ledger_office(&op, &w);
	*new_records = 0;
	for (int i = 0; i < 3 && rc == RC_OK; i++) {
		if (records[i].outcome == OFFICE_REFUSED)
			fail_msg("turn %d: %s: %s", turn, records[i].kind,
				 records[i].why);
		*new_records += records[i].outcome == OFFICE_NEW;
	}
	return rc;
}

static enum rc office_act(void *ctx, struct err *err)
{
	int ignored;

	(void)ctx;
	return office_write(&ignored, err);
}

/* The main line is as before or as afterwards, and writing again finds it so.
 */
static void office_mend(void *ctx, enum rc rc, bool crashed)
{
	bool is_before;
	struct head head;
	int created;

	(void)ctx;
	if (crashed)
		server_opens();
	server_is_sound();
	head = head_now();
	is_before = oid_equal(&head.commit, &head_before.commit);
	assert_true(is_before || head.number == head_before.number + 1);
	if (rc == RC_OK)
		assert_false(is_before);
	must(office_write(&created, &world.err), "again");
	assert_int_equal(created, is_before ? 2 : 0);
	head = head_now();
	assert_int_equal(head.number, head_before.number + 1);
	for (int i = 0; i < 3; i++)
		json_decref(office_fields[i]);
}

static void the_office_writes_all_or_nothing(void **state)
{
	const struct torture office = { office_prepare, office_act, office_mend,
					NULL };

	(void)state;
	for (int i = 0; i < TORTURE_WAYS; i++)
		torture_run(&office, &torture_ways[i]);
	server_is_sound();
}

/* -- a clone, and a sync that brings a changed schema: each from the same file
 * -- */

static void tablet_opens(void)
{
	replica_close(world.tablets[0]);
	world.tablets[0] = NULL;
	must(replica_open(&world.tablets[0], world.files[0], &host_system,
			  &world.err),
	     "open");
}

static void tablet_begins_again(void *ctx)
{
	(void)ctx;
	turn++;
	replica_close(world.tablets[0]);
	world.tablets[0] = NULL;
	copy(kept, world.files[0]);
	tablet_opens();
}

static enum rc sync_act(void *ctx, struct err *err)
{
	struct exchange x = loop_exchange(&world.loop);
	struct sync_summary s;

	(void)ctx;
	return replica_sync(world.tablets[0], &x, &s, err);
}

static enum rc clone_act(void *ctx, struct err *err)
{
	struct exchange x = loop_exchange(&world.loop);

	(void)ctx;
	return replica_clone(world.tablets[0], &x, NULL, NULL, err);
}

/* A clone that failed is tried again: as a clone, or as a sync where the data
 * is there already. */
static void clone_mend(void *ctx, enum rc rc, bool crashed)
{
	(void)ctx;
	if (crashed) {
		server_opens();
		tablet_opens();
	}
	must(replica_verify(world.tablets[0], &world.err), "verify");
	if (rc != RC_OK && clone_act(NULL, &world.err) == RC_INVALID) {
		err_clear(&world.err);
		must(sync_act(NULL, &world.err), "sync");
	}
	must(world.err.code, "clone");
	must(replica_verify(world.tablets[0], &world.err), "verify");
	must(replica_check_capture(world.tablets[0], &world.err), "capture");
	field_assert_equal(&world, 0);
	assert_string_equal(
		field_live(&world, 0, "SELECT count(*) FROM subject"), "40");
}

/* An enrolled tablet without data, in `kept`. */
static void kept_enrol(void)
{
	struct exchange x = loop_exchange(&world.loop);
	char code[ENROL_CODE_SIZE];
	struct account admin;
	struct op op = loop_op(&world.loop, &admin, &world.err);
	struct replica *r;

	must(enrol_code_new(&op, "o2", FIELD_SCOPE, code), "code");
	must(replica_create(&r, kept, &host_system, &world.err), "create");
	must(replica_enroll(r, &x, "http://127.0.0.1:1", code, FIELD_PIN,
			    &world.err),
	     "enroll");
	replica_close(r);
}

static void a_clone_is_whole_in_the_end(void **state)
{
	const struct torture clones = { tablet_begins_again, clone_act,
					clone_mend, NULL };

	(void)state;
	kept_enrol();
	for (int i = 0; i < TORTURE_WAYS; i++)
		torture_run(&clones, &torture_ways[i]);
}

/* A definition through a file, as `hufud kind load` does. */
static void kind_load(const json_t *definition)
{
	struct account admin;
	struct op op = loop_op(&world.loop, &admin, &world.err);
	char path[160];
	bool changed;

	snprintf(path, sizeof(path), "%s/kind.json", world.dir);
	assert_int_equal(json_dump_file(definition, path, 0), 0);
	must(ledger_kind_load(&op, path, &changed), "kind");
	assert_true(changed);
}

static json_t *label(void)
{
	return json_pack("{s:s, s:s}", "zh", "a", "en", "a");
}

/* Visits get a column and a row that has it, and a kind comes that was not
 * there. */
static void schema_change(void)
{
	const struct kind *visit =
		registry_kind(world.loop.store->kinds, "visit");
	json_t *grown = json_deep_copy(visit->definition);
	json_t *umbrella = json_pack(
		"{s:s, s:o, s:s, s:s, s:[s,s], s:[{s:s, s:s, s:o}]}", "kind",
		"umbrella", "label", label(), "scope", "county", "class", "L2",
		"writers", "inspector", "administrator", "fields", "name",
		"size", "type", "int", "label", label());

	json_array_append_new(json_object_get(grown, "fields"),
			      json_pack("{s:s, s:s, s:o}", "name", "weather",
					"type", "text", "label", label()));
	kind_load(grown);
	kind_load(umbrella);
	json_decref(grown);
	json_decref(umbrella);
	field_office(&world, "visit", "v1",
		     "{\"subject\":\"s1\",\"weather\":\"rain\"}");
	field_office(&world, "umbrella", "u1", "{\"size\":3}");
}

static void schema_mend(void *ctx, enum rc rc, bool crashed)
{
	(void)ctx;
	(void)rc;
	if (crashed) {
		server_opens();
		tablet_opens();
	}
	must(replica_verify(world.tablets[0], &world.err), "verify");
	must(replica_check_capture(world.tablets[0], &world.err), "capture");
	must(sync_act(NULL, &world.err), "sync");
	must(replica_check_capture(world.tablets[0], &world.err), "capture");
	field_assert_equal(&world, 0);
	assert_string_equal(
		field_live(&world, 0,
			   "SELECT weather||size||n FROM visit,umbrella,"
			   "(SELECT count(*) AS n FROM subject)"),
		"rain340");
}

static void a_changed_schema_arrives_whole(void **state)
{
	const struct torture changes = { tablet_begins_again, sync_act,
					 schema_mend, NULL };

	(void)state;
	copy(world.files[0], kept);
	schema_change();
	for (int i = 0; i < TORTURE_WAYS; i++)
		torture_run(&changes, &torture_ways[i]);
}

/* -- the merge of one record -- */

struct sides {
	json_t *base, *terminal, *server;
};

static json_t *visit_of(const char *flags, int summary)
{
	return json_of("{\"id\":\"v1\",\"scope\":\"330106\",\"flags\":%s,"
		       "\"summary\":\"%d\"}",
		       flags, summary);
}

static void sides_prepare(void *ctx)
{
	struct sides *s = ctx;

	s->base = visit_of("[\"a\",\"b\"]", 1);
	s->terminal = visit_of("[\"a\",\"c\"]", 2);
	s->server = visit_of("[\"b\",\"d\"]", 3);
}

static enum rc merge_act(void *ctx, struct err *err)
{
	const struct sides *s = ctx;
	struct merge_result result = { 0 };
	const json_t *flags;
	enum rc rc = merge_record(
		registry_kind(world.loop.store->kinds, "visit"), s->base,
		s->terminal, s->server, NULL, &result, err);

	flags = json_object_get(result.record, "flags");
	if (rc == RC_OK) {
		assert_true(result.merged);
		assert_int_equal(result.nconflicts, 1);
		assert_int_equal(json_array_size(flags), 2);
		assert_string_equal(json_text(result.record, "summary"), "3");
	} else {
		assert_int_equal(rc, RC_NOMEM);
	}
	merge_release(&result);
	return rc;
}

static void sides_release(void *ctx, enum rc rc, bool crashed)
{
	struct sides *s = ctx;

	(void)rc;
	(void)crashed;
	json_decref(s->base);
	json_decref(s->terminal);
	json_decref(s->server);
}

static void a_merge_is_whole_or_out_of_memory(void **state)
{
	struct sides sides;
	const struct torture merges = { sides_prepare, merge_act, sides_release,
					&sides };

	(void)state;
	torture_run(&merges, &torture_ways[3]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
		TEST(the_office_writes_all_or_nothing),
		TEST(a_clone_is_whole_in_the_end),
		TEST(a_changed_schema_arrives_whole),
		TEST(a_merge_is_whole_or_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
