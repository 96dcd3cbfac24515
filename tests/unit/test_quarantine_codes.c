/* Each code with which a record comes to quarantine, by what brings it about in
 * the field: the sender is shown it in plain words, and so is the office. What
 * else was in the packet goes in. */
#include "test_states_harness.h"

#include "base/jcs.h"
#include "kind/kind.h"
#include "kind/refusal.h"
#include "ledger/quarantine.h"
#include "ledger/rebuild.h"

/* Signed on the tablet of o1, and not sent yet. */
static void signs(const char *sql)
{
	int packets, records;

	field_exec(&world, 0, sql);
	if (replica_commit(world.tablets[0], "x", &packets, &records,
			   &world.err) != RC_OK)
		fail_msg("%s", world.err.text);
	assert_int_not_equal(packets, 0);
}

typedef void change_fn(json_t *definition);

/* The province changes a kind, which the tablet does not know yet. */
static void kind_becomes(const char *kind, change_fn *change)
{
	char path[80], id[33], *text;
	json_t *record, *definition;

	snprintf(path, sizeof(path), "schema/kinds/%s.json", kind);
	definition = json_load_file(path, 0, NULL);
	assert_non_null(definition);
	change(definition);
	record =
		json_pack("{s:s, s:o}", "name", kind, "definition", definition);
	text = json_dumps(record, 0);
	kind_record_id(id, kind);
	if (loop_write(&world.loop, "catalog", "kind", id, text, &world.err) !=
	    RC_OK)
		fail_msg("%s", world.err.text);
	free(text);
	json_decref(record);
}

static json_t *field_of(json_t *definition, const char *name)
{
	json_t *field;
	size_t i;

	json_array_foreach(json_object_get(definition, "fields"), i,
			   field) if (!strcmp(json_text(field, "name"),
					      name)) return field;
	fail_msg("no field %s", name);
	return NULL;
}

struct told {
	const char *kind, *id, *code;
	int n;
};

static enum rc entry_look(void *ctx, const json_t *o, struct err *err)
{
	struct told *t = ctx;
	const json_t *says = json_object_get(o, "says");

	(void)err;
	if (strcmp(json_text(o, "what"), "quarantined") != 0 ||
	    strcmp(json_text(o, "record_kind"), t->kind) != 0 ||
	    strcmp(json_text(o, "record_id"), t->id) != 0)
		return RC_OK;
	assert_string_equal(json_text(o, "code"), t->code);
	assert_string_equal(json_text(says, "en"),
			    refusal_says(t->code, false));
	assert_string_equal(json_text(says, "zh"), refusal_says(t->code, true));
	t->n++;
	return RC_OK;
}

/* Both ends show it: the newest on the tablet, any at the office. */
static void both_show(const char *kind, const char *id, const char *code,
		      bool newest)
{
	struct told t = { .kind = kind, .id = id, .code = code };
	struct account who;
	struct op op = loop_op(&world.loop, &who, &world.err);
	json_t *rows = NULL, *row;
	int n = 0;
	size_t i;

	if (quarantine_list(&op, FIELD_SCOPE, 0, -1, &rows) != RC_OK)
		fail_msg("%s", world.err.text);
	json_array_foreach(rows, i, row)
	{
		const char *of = json_text(row, "kind");

		if (!of || strcmp(of, kind) != 0 ||
		    strcmp(json_text(row, "id"), id) != 0 ||
		    strcmp(json_text(row, "code"), code) != 0)
			continue;
		n++;
		assert_string_equal(json_text(row, "author"), "o1");
		assert_string_equal(json_text(row, "state"), "open");
		assert_string_equal(json_text(row, "reason"),
				    refusal_says(code, false));
	}
	json_decref(rows);
	if (n != 1)
		fail_msg("%s %s: %d with the code %s", kind, id, n, code);
	if (!newest)
		return;
	if (replica_conflicts(world.tablets[0], entry_look, &t, &world.err) !=
	    RC_OK)
		fail_msg("%s", world.err.text);
	assert_int_equal(t.n, 1);
}

#define VISIT(id)                                                              \
	"INSERT INTO visit(id,subject,town,officers,summary,state) SELECT "    \
	"'" id "','s1',town,'[\"o1\",\"o2\"]','a long room','open' FROM "      \
	"subject WHERE id='s1';"
#define BESIDE                                                                 \
	"INSERT INTO observation(id,record_kind,record_id,found,state) "       \
	"VALUES('e1','subject','s2','{\"address\":\"elsewhere\"}','new');"

/* The rest of the packet is on the main line. */
static void the_rest_went_in(void)
{
	on_server("SELECT count(*) FROM observation WHERE id='e1'", "1");
	all_equal();
}

static void two_made_one_id(void **state)
{
	(void)state;
	field_office(&world, "visit", "v1",
		     "{\"subject\":\"s2\",\"summary\":\"theirs\","
		     "\"state\":\"open\"}");
	signs(VISIT("v1") BESIDE);
	signs("UPDATE visit SET summary='and a cellar' WHERE id='v1'");
	assert_int_equal(field_sync(&world, 0).quarantined, 2);
	both_show("visit", "v1", "id_taken", false);
	/* What he went on with builds on what is not there. */
	both_show("visit", "v1", "after_quarantine", true);
	on_server("SELECT summary FROM visit", "theirs");
	the_rest_went_in();
}

static void office_only(json_t *definition)
{
	json_object_set_new(
		definition, "writers",
		json_pack("[s, s]", "coordinator", "administrator"));
}

static void a_kind_is_no_longer_his(void **state)
{
	(void)state;
	signs(VISIT("v1") BESIDE
	      "INSERT INTO answer(id,visit,point,author,value) "
	      "VALUES('n1','v1','p','o1','pass')");
	kind_becomes("visit", office_only);
	assert_int_equal(field_sync(&world, 0).quarantined, 2);
	both_show("visit", "v1", "role", true);
	both_show("answer", "n1", "refers", true);
	the_rest_went_in();
}

static void note_is_the_offices(json_t *definition)
{
	json_object_set_new(field_of(definition, "accept_note"), "writers",
			    json_pack("[s]", "coordinator"));
}

static void a_field_is_no_longer_his(void **state)
{
	(void)state;
	signs("UPDATE assignment SET accept_note='at ten' WHERE "
	      "id='a1';" BESIDE);
	kind_becomes("assignment", note_is_the_offices);
	assert_int_equal(field_sync(&world, 0).quarantined, 1);
	both_show("assignment", "a1", "field", true);
	the_rest_went_in();
}

static void summaries_are_short(json_t *definition)
{
	json_object_set_new(field_of(definition, "summary"), "max",
			    json_integer(5));
}

static void a_value_is_no_longer_legal(void **state)
{
	(void)state;
	signs(VISIT("v1") BESIDE);
	kind_becomes("visit", summaries_are_short);
	assert_int_equal(field_sync(&world, 0).quarantined, 1);
	both_show("visit", "v1", "invalid", true);
	the_rest_went_in();
}

/* Nobody accepts what was issued any more. */
static void no_acceptance(json_t *definition)
{
	json_t *fsm = json_object_get(field_of(definition, "state"), "fsm");
	json_t *moves = json_object_get(fsm, "moves"), *move;
	size_t i;

	json_array_foreach(moves, i,
			   move) if (!strcmp(json_text(move, "to"), "accepted"))
		json_object_set_new(move, "by",
				    json_pack("[s]", "coordinator"));
}

static void a_move_is_no_longer_there(void **state)
{
	(void)state;
	signs("UPDATE assignment SET state='accepted' WHERE id='a1';" BESIDE);
	kind_becomes("assignment", no_acceptance);
	assert_int_equal(field_sync(&world, 0).quarantined, 1);
	both_show("assignment", "a1", "state", true);
	state_is("a1", "issued");
	the_rest_went_in();
}

/* The officer's tablet has no part in the county any more. */
static void the_county_is_no_longer_his(void **state)
{
	struct exchange x = loop_exchange(&world.loop);
	struct sync_summary sum;
	json_t *record;
	char id[33], *text;

	(void)state;
	snprintf(id, sizeof(id), "%s",
		 field_server(&world,
			      "SELECT id FROM enrolment WHERE officer='o1'"));
	record = record_of("enrolment", id);
	json_object_set_new(record, "scopes", json_pack("[s]", "330108"));
	json_object_del(record, "id");
	json_object_del(record, "scope");
	text = json_dumps(record, 0);
	signs(VISIT("v1"));
	if (loop_serve(&world.loop, FIELD_SCOPE, "enrolment", id, text,
		       &world.err) != RC_OK)
		fail_msg("%s", world.err.text);
	free(text);
	json_decref(record);
	(void)!replica_sync(world.tablets[0], &x, &sum, &world.err);
	err_clear(&world.err);
	both_show("visit", "v1", "scope", true);
	on_server("SELECT count(*) FROM visit", "0");
}

/* His answer to the point came by another way, under another id. */
static void his_answer_is_there_already(void **state)
{
	(void)state;
	signs(VISIT("v1"));
	field_sync(&world, 0);
	signs("INSERT INTO answer(id,visit,point,author,value) "
	      "VALUES('n1','v1','p','o1','pass');" BESIDE);
	if (loop_serve(&world.loop, FIELD_SCOPE, "answer", "n9",
		       "{\"visit\":\"v1\",\"point\":\"p\",\"author\":\"o1\","
		       "\"value\":\"fail\"}",
		       &world.err) != RC_OK)
		fail_msg("%s", world.err.text);
	assert_int_equal(field_sync(&world, 0).quarantined, 1);
	both_show("answer", "n1", "twin", true);
	on_server("SELECT group_concat(id) FROM answer", "n9");
	the_rest_went_in();
}

/* The subject's key was destroyed while a change was on its way. */
static void the_key_was_destroyed(void **state)
{
	struct account admin;
	struct op op = loop_op(&world.loop, &admin, &world.err);

	(void)state;
	field_exec(&world, 0,
		   "INSERT INTO subject_private(id,phone) VALUES('s5','137')");
	field_sync(&world, 0);
	signs("UPDATE subject_private SET phone='138' WHERE id='s5';" BESIDE);
	if (ledger_shred(&op, FIELD_SCOPE, "s5", "he asked for it") != RC_OK)
		fail_msg("%s", world.err.text);
	assert_int_equal(field_sync(&world, 0).quarantined, 1);
	both_show("subject_private", "s5", "no_key", true);
	the_rest_went_in();
}

/* In the folder of the world. */
static void run(const char *what)
{
	char command[300];

	snprintf(command, sizeof(command), "cd %s && %s", world.dir, what);
	assert_int_equal(system(command), 0);
}

static void server_down(void)
{
	loop_release(&world.loop);
}

static void server_up(void)
{
	if (loop_open(&world.loop, &host_system, &world.err) != RC_OK)
		fail_msg("%s", world.err.text);
}

static void backed_up(void)
{
	server_down();
	run("cp -r data backup");
	server_up();
}

static void restored(void)
{
	struct account admin;
	struct op op;

	server_down();
	run("rm -r data && mv backup data");
	server_up();
	op = loop_op(&world.loop, &admin, &world.err);
	if (ledger_epoch_new(&op, "the disk broke") != RC_OK)
		fail_msg("%s", world.err.text);
}

/* The server comes back from a backup that has no such visit; who made it has
 * not synced since. */
static void what_he_changed_was_lost(void **state)
{
	(void)state;
	backed_up();
	field_exec(&world, 1, VISIT("v1"));
	field_sync(&world, 1);
	field_sync(&world, 0);
	signs("UPDATE visit SET summary='and a cellar' WHERE id='v1';" BESIDE);
	restored();
	assert_int_equal(field_sync(&world, 0).quarantined, 1);
	both_show("visit", "v1", "missing", true);
	/* Then the one who made it comes. */
	field_sync(&world, 1);
	on_server("SELECT summary FROM visit", "a long room");
	field_sync(&world, 0);
	the_rest_went_in();
}

/* Nor does it know a kind that came after the backup. */
static void the_kind_was_lost(void **state)
{
	static const char kind[] =
		"{\"name\":\"notice\",\"definition\":{\"kind\":\"notice\","
		"\"label\":{\"zh\":\"n\",\"en\":\"notice\"},"
		"\"scope\":\"county\",\"class\":\"L1\","
		"\"writers\":[\"inspector\"],\"fields\":[{\"name\":\"words\","
		"\"type\":\"text\",\"label\":{\"zh\":\"w\",\"en\":\"words\"}}]}"
		"}";
	char id[33];

	(void)state;
	backed_up();
	kind_record_id(id, "notice");
	if (loop_write(&world.loop, "catalog", "kind", id, kind, &world.err) !=
	    RC_OK)
		fail_msg("%s", world.err.text);
	field_sync(&world, 0);
	signs("INSERT INTO notice(id,words) VALUES('w1','come back');" BESIDE);
	restored();
	assert_int_equal(field_sync(&world, 0).quarantined, 1);
	both_show("notice", "w1", "unknown_kind", true);
	on_server("SELECT count(*) FROM observation WHERE id='e1'", "1");
}

static void every_code_has_words(void **state)
{
	static const char *const codes[] = {
		"author", "revoked",  "role",    "field",
		"scope",  "invalid",  "state",   "unknown_kind",
		"no_key", "id_taken", "missing", "after_quarantine",
		"refers", "owner",    "twin",    "disputed",
		"adopts", "unsigned",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		assert_string_not_equal(refusal_says(codes[i], false), "");
		assert_string_not_equal(refusal_says(codes[i], true), "");
	}
	/* One of a version to come is shown as it stands. */
	assert_string_equal(refusal_says("of_next_year", false), "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(two_made_one_id),
		TEST(a_kind_is_no_longer_his),
		TEST(a_field_is_no_longer_his),
		TEST(a_value_is_no_longer_legal),
		TEST(a_move_is_no_longer_there),
		TEST(the_county_is_no_longer_his),
		TEST(his_answer_is_there_already),
		TEST(the_key_was_destroyed),
		TEST(what_he_changed_was_lost),
		TEST(the_kind_was_lost),
		cmocka_unit_test(every_code_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
