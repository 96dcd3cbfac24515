/* What lies in quarantine is taken out by somebody else's signature: merged
 * against what its first author saw, by the rights of who adopts it, once. */
#include "test_states_harness.h"

#include "base/jcs.h"
#include "kind/kind.h"
#include "ledger/check.h"
#include "ledger/enrol.h"
#include "ledger/quarantine.h"
#include "merge/merge.h"

static struct account judge;

static struct op op_of(const char *who, unsigned roles)
{
	struct op op = loop_op(&world.loop, &judge, &world.err);

	snprintf(judge.name, sizeof(judge.name), "%s", who);
	judge.roles = roles;
	return op;
}

static void revoke(int tablet)
{
	struct op op = op_of("chen", ROLE_COORDINATOR);
	json_t *info = NULL;

	if (replica_info(world.tablets[tablet], &info, &world.err) != RC_OK ||
	    enrol_revoke(&op, FIELD_SCOPE, json_text(info, "enrolment"),
			 "lost") != RC_OK)
		fail_msg("%s", world.err.text);
	json_decref(info);
}

/* A terminal that was revoked: its packets are received all the same. */
static void sync_denied(int tablet)
{
	struct exchange x = loop_exchange(&world.loop);
	struct sync_summary sum;

	assert_int_equal(
		replica_sync(world.tablets[tablet], &x, &sum, &world.err),
		RC_DENIED);
	err_clear(&world.err);
}

static json_t *quarantined(void)
{
	struct op op = op_of("chen", ROLE_COORDINATOR);
	json_t *rows = NULL;

	if (quarantine_list(&op, FIELD_SCOPE, 0, -1, &rows) != RC_OK)
		fail_msg("%s", world.err.text);
	return rows;
}

/* The packet, the nth in quarantine, that has such a record. */
static const char *packet_of(const char *kind, const char *id, int nth)
{
	static char packet[OID_HEX_SIZE];
	json_t *rows = quarantined(), *row;
	size_t i;

	packet[0] = '\0';
	json_array_foreach(rows, i, row)
	{
		if (!json_text(row, "kind") ||
		    strcmp(json_text(row, "kind"), kind) != 0 ||
		    strcmp(json_text(row, "id"), id) != 0 || nth--)
			continue;
		snprintf(packet, sizeof(packet), "%s",
			 json_text(row, "packet"));
	}
	json_decref(rows);
	if (!packet[0])
		fail_msg("%s '%s' is not in quarantine", kind, id);
	return packet;
}

static json_t *entry_of(const char *kind, const char *id, int nth)
{
	struct op op = op_of("chen", ROLE_COORDINATOR);
	json_t *entry = NULL;

	if (quarantine_entry(&op, packet_of(kind, id, nth), kind, id, &entry) !=
	    RC_OK)
		fail_msg("%s", world.err.text);
	return entry;
}

static void is_text(const json_t *o, const char *field, const char *text)
{
	const char *is = json_text(o, field);

	if (!is || strcmp(is, text) != 0)
		fail_msg("%s is '%s', not '%s'", field, is ? is : "", text);
}

static void stands_as(const char *kind, const char *id, const char *state)
{
	json_t *entry = entry_of(kind, id, 0);

	is_text(entry, "state", state);
	json_decref(entry);
}

/* By the office; "" where it is done, or why not. */
static const char *office_closes(const char *who, unsigned roles,
				 const char *kind, const char *id, bool adopts,
				 const char *reason)
{
	static char why[ERR_TEXT_MAX];
	char packet[OID_HEX_SIZE];
	struct op op;

	snprintf(packet, sizeof(packet), "%s", packet_of(kind, id, 0));
	op = op_of(who, roles);
	quarantine_close(&op, packet, kind, id, adopts, reason);
	snprintf(why, sizeof(why), "%s", world.err.text);
	err_clear(&world.err);
	return why;
}

/* On a tablet, as `hufu adopt` does. */
static void tablet_adopts_the(int tablet, const char *kind, const char *id,
			      int nth, const char *sha256)
{
	json_t *entry = entry_of(kind, id, nth);
	char sql[900];

	snprintf(sql, sizeof(sql),
		 "INSERT INTO adoption(id,packet,record_kind,record_id,sha256,"
		 "author,code,state,reason,decided_by) VALUES('%s','%s','%s',"
		 "'%s','%s','%s','%s','adopted','I was there','o%d')",
		 json_text(entry, "entry"), json_text(entry, "packet"), kind,
		 id, sha256 ? sha256 : json_text(entry, "sha256"),
		 json_text(entry, "author"), json_text(entry, "code"),
		 tablet + 1);
	field_exec(&world, tablet, sql);
	json_decref(entry);
}

static void tablet_adopts(int tablet, const char *kind, const char *id)
{
	tablet_adopts_the(tablet, kind, id, 0, NULL);
}

static void says(const char *got, const char *wanted)
{
	if (!*wanted ? *got : !strstr(got, wanted))
		fail_msg("'%s', not '%s'", got, wanted);
}

#define CHEN "chen", ROLE_COORDINATOR

static void new_visit(int tablet)
{
	field_exec(&world, tablet,
		   "INSERT INTO visit(id,subject,town,officers,summary,state) "
		   "SELECT 'v1','s1',town,'[\"o1\",\"o2\"]','one room','open' "
		   "FROM subject WHERE id='s1'");
}

/* The first officer's visit is on the main line; then he edits it, and his
 * terminal is revoked. */
static void edits_and_is_revoked(void)
{
	new_visit(0);
	field_sync(&world, 0);
	/* What he sees is not what he wrote himself. */
	office("visit", "v1", "{'unable_reason':'shut'}");
	field_sync(&world, 0);
	field_sync(&world, 1);
	field_exec(&world, 0,
		   "UPDATE visit SET summary='two rooms', reason='complaint'");
	revoke(0);
	sync_denied(0);
}

/* The folder is sound, and the tablet's half fits. */
static void halves_match(void)
{
	struct check_report report;

	if (ledger_check(world.loop.store, NULL, &report, &world.err) != RC_OK)
		fail_msg("%s: %s %s", world.err.text, report.fault.what,
			 report.fault.why);
	check_report_release(&report);
	field_sync(&world, 1);
	field_assert_equal(&world, 1);
}

static void another_officer_adopts_by_his_signature(void **state)
{
	(void)state;
	new_visit(0);
	revoke(0);
	sync_denied(0);
	on_server("SELECT count(*) FROM visit", "0");
	stands_as("visit", "v1", "open");
	tablet_adopts(1, "visit", "v1");
	assert_int_equal(field_sync(&world, 1).quarantined, 0);
	on_server("SELECT summary FROM visit", "one room");
	stands_as("visit", "v1", "adopted");
	on_server("SELECT decided_by||' '||author||' '||code FROM adoption",
		  "o2 o1 revoked");
	/* His name stands behind it, and the first author's where he wrote. */
	on_server("SELECT p.author||' '||p.journal FROM log l JOIN packet p ON "
		  "p.number=l.packet WHERE l.kind='visit'",
		  "o2 office");
	on_server("SELECT p.author FROM packet_record r JOIN packet p ON "
		  "p.number=r.packet WHERE r.kind='visit' AND r.code='revoked'",
		  "o1");
	halves_match();
}

static void it_is_merged_against_what_its_author_saw(void **state)
{
	(void)state;
	edits_and_is_revoked();
	office("visit", "v1", "{'summary':'a shed'}");
	office("visit", "v1", "{'unable_reason':'closed'}");
	tablet_adopts(1, "visit", "v1");
	field_sync(&world, 1);
	/* What the office wrote apart stays, what it did not touch comes in,
	 * and what both wrote is a question. */
	on_server("SELECT summary||' '||reason||' '||unable_reason FROM visit",
		  "a shed complaint closed");
	on_server("SELECT group_concat(author||' '||field_group) FROM conflict",
		  "o2 summary");
	halves_match();
}

static void a_coordinator_adopts_with_his_rights(void **state)
{
	json_t *entry;

	(void)state;
	edits_and_is_revoked();
	entry = entry_of("visit", "v1", 0);
	is_text(json_object_get(entry, "base"), "summary", "one room");
	is_text(json_object_get(entry, "record"), "summary", "two rooms");
	is_text(entry, "reason", "the terminal had been revoked");
	json_decref(entry);
	says(office_closes("ma", ROLE_ANALYST, "visit", "v1", true, NULL),
	     "may not say what becomes of quarantine");
	says(office_closes(CHEN, "visit", "v1", true, "I called"), "");
	on_server("SELECT summary FROM visit", "two rooms");
	stands_as("visit", "v1", "adopted");
	halves_match();
}

static void what_the_adopter_may_not_write_stays_there(void **state)
{
	(void)state;
	new_visit(0);
	field_sync(&world, 0);
	field_sync(&world, 1);
	field_exec(
		&world, 0,
		"UPDATE visit SET state='arrived', code_shown_at=" FIELD_NOON);
	revoke(0);
	sync_denied(0);
	says(office_closes(CHEN, "visit", "v1", true, NULL), "arrived");
	stands_as("visit", "v1", "open");
	tablet_adopts(1, "visit", "v1");
	assert_int_equal(field_sync(&world, 1).quarantined, 0);
	on_server("SELECT state FROM visit", "arrived");
}

static void it_is_adopted_once(void **state)
{
	(void)state;
	edits_and_is_revoked();
	tablet_adopts(1, "visit", "v1");
	says(office_closes(CHEN, "visit", "v1", true, NULL), "");
	says(office_closes("zhao", ROLE_COORDINATOR, "visit", "v1", true, NULL),
	     "was adopted by 'chen'");
	says(office_closes("zhao", ROLE_COORDINATOR, "visit", "v1", false,
			   "no"),
	     "was adopted by 'chen'");
	/* The tablet signed the same before it could know. */
	assert_int_equal(field_sync(&world, 1).quarantined, 1);
	on_server("SELECT decided_by FROM adoption", "chen");
	on_server("SELECT count(*) FROM log WHERE kind='visit'", "3");
	halves_match();
}

static void nobody_adopts_his_own(void **state)
{
	struct op op;

	(void)state;
	op = op_of("admin", ROLE_ADMINISTRATOR);
	if (loop_write(&world.loop, FIELD_SCOPE, "officer", "o1",
		       "{\"name\":\"officer 1\",\"account\":\"chen\"}",
		       &world.err) != RC_OK)
		fail_msg("%s", world.err.text);
	edits_and_is_revoked();
	says(office_closes("o1", ROLE_COORDINATOR, "visit", "v1", true, NULL),
	     "somebody else adopts it");
	says(office_closes(CHEN, "visit", "v1", true, NULL),
	     "somebody else adopts it");
	(void)op;
	stands_as("visit", "v1", "open");
}

static void only_what_was_looked_at_is_adopted(void **state)
{
	(void)state;
	edits_and_is_revoked();
	tablet_adopts_the(1, "visit", "v1", 0,
			  "00000000000000000000000000000000"
			  "00000000000000000000000000000000");
	assert_int_equal(field_sync(&world, 1).quarantined, 1);
	on_server("SELECT summary FROM visit", "one room");
	stands_as("visit", "v1", "open");
	halves_match();
}

static void what_is_not_there_is_not_adopted(void **state)
{
	struct op op = op_of(CHEN);

	(void)state;
	new_visit(0);
	field_sync(&world, 0);
	assert_int_equal(
		quarantine_close(&op,
				 field_server(&world,
					      "SELECT lower(hex(p.oid)) FROM "
					      "packet p WHERE author='o1'"),
				 "visit", "v1", true, NULL),
		RC_NOT_FOUND);
	says(world.err.text, "is not in quarantine");
	err_clear(&world.err);
	assert_int_equal(
		quarantine_close(&op, "nonsense", "visit", "v1", true, NULL),
		RC_NOT_FOUND);
	err_clear(&world.err);
	field_sync(&world, 1);
	field_exec(&world, 1,
		   "INSERT INTO adoption(packet,record_kind,record_id,state) "
		   "VALUES('00','visit','v1','adopted')");
	assert_int_equal(field_sync(&world, 1).quarantined, 1);
	on_server("SELECT code FROM packet_record WHERE kind='adoption'",
		  "adopts");
}

/* Two changes of one record; the second waits for the first. */
static void a_follower_waits_for_its_leader(void **state)
{
	json_t *entry;
	int packets, records;

	(void)state;
	edits_and_is_revoked();
	field_exec(&world, 0, "UPDATE visit SET summary='three rooms'");
	if (replica_commit(world.tablets[0], "more", &packets, &records,
			   &world.err) != RC_OK)
		fail_msg("%s", world.err.text);
	sync_denied(0);
	entry = entry_of("visit", "v1", 0);
	assert_int_equal(json_array_size(json_object_get(entry, "followed_by")),
			 0);
	json_decref(entry);
	tablet_adopts_the(1, "visit", "v1", 1, NULL);
	tablet_adopts(1, "visit", "v1");
	assert_int_equal(field_sync(&world, 1).quarantined, 0);
	on_server("SELECT summary FROM visit", "three rooms");
	halves_match();
}

static void what_refers_to_it_comes_along(void **state)
{
	(void)state;
	new_visit(0);
	field_exec(&world, 0,
		   "INSERT INTO answer(id,visit,point,author,value) VALUES"
		   "('n1','v1','p','o1','pass'),('n2','v1','q','o1','fail')");
	revoke(0);
	sync_denied(0);
	says(office_closes(CHEN, "answer", "n1", true, NULL),
	     "it refers to visit 'v1', which is in quarantine");
	for (int i = 0; i < 3; i++)
		tablet_adopts(1, i < 2 ? "answer" : "visit",
			      i == 2 ? "v1"
			      : i    ? "n2"
				     : "n1");
	assert_int_equal(field_sync(&world, 1).quarantined, 0);
	/* An answer stays its author's. */
	on_server("SELECT group_concat(id||author||value) FROM answer",
		  "n1o1pass,n2o1fail");
	halves_match();
}

static void who_rejects_says_why_and_that_closes_it(void **state)
{
	json_t *rows, *row;

	(void)state;
	edits_and_is_revoked();
	says(office_closes(CHEN, "visit", "v1", false, NULL),
	     "who rejects it says why");
	says(office_closes(CHEN, "visit", "v1", false, "he was not there"), "");
	says(office_closes(CHEN, "visit", "v1", true, NULL), "was rejected");
	rows = quarantined();
	row = json_array_get(rows, 0);
	is_text(row, "state", "rejected");
	is_text(row, "decided_by", "chen");
	is_text(row, "decision", "he was not there");
	json_decref(rows);
	on_server("SELECT summary FROM visit", "one room");
	/* An officer adopts or leaves it: rejecting is the office's. */
	field_sync(&world, 1);
	assert_string_equal(field_live(&world, 1,
				       "SELECT state||' '||decided_by FROM "
				       "adoption"),
			    "rejected chen");
	halves_match();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(another_officer_adopts_by_his_signature),
		TEST(it_is_merged_against_what_its_author_saw),
		TEST(a_coordinator_adopts_with_his_rights),
		TEST(what_the_adopter_may_not_write_stays_there),
		TEST(it_is_adopted_once),
		TEST(nobody_adopts_his_own),
		TEST(only_what_was_looked_at_is_adopted),
		TEST(what_is_not_there_is_not_adopted),
		TEST(a_follower_waits_for_its_leader),
		TEST(what_refers_to_it_comes_along),
		TEST(who_rejects_says_why_and_that_closes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
