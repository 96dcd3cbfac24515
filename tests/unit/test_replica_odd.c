/* What a replica does when the server, the network or the schema is not as
 * usual: against a stand-in for the server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "kind/sealed.h"
#include "lib/seeded.h"

struct world {
	struct seeded s;
	struct sync_summary sum;
};

static int world_make(void **state)
{
	static const char *const scopes[] = { "330106", NULL };
	struct world *w = calloc(1, sizeof(*w));

	seeded_init(&w->s, scopes);
	for (int i = 0; i < 60; i++) {
		char id[16];

		snprintf(id, sizeof(id), "s%d", i);
		seeded_put(&w->s, "330106", "subject", id,
			   "{\"name\":\"one\",\"town\":\"001\"}");
	}
	seeded_put(&w->s, "330106", "visit", "v1", "{\"subject\":\"s1\"}");
	seeded_clone(&w->s);
	*state = w;
	return 0;
}

static int world_free(void **state)
{
	struct world *w = *state;

	seeded_release(&w->s);
	free(w);
	return 0;
}

static void ok(struct world *w, enum rc rc)
{
	if (rc != RC_OK)
		fail_msg("%s", w->s.err.text);
}

static void edit(struct world *w, const char *sql)
{
	ok(w, replica_exec(w->s.r, sql, &w->s.err));
}

static void commit(struct world *w)
{
	int packets, records;

	ok(w, replica_commit(w->s.r, "a test", &packets, &records, &w->s.err));
}

static enum rc sync_try(struct world *w)
{
	return replica_sync(w->s.r, &w->s.exchange, &w->sum, &w->s.err);
}

static void sync_ok(struct world *w)
{
	ok(w, sync_try(w));
	assert_true(w->sum.all_equal);
	ok(w, replica_verify(w->s.r, &w->s.err));
}

static void sync_refused(struct world *w, enum rc expected, const char *word)
{
	assert_int_equal(sync_try(w), expected);
	if (!strstr(w->s.err.text, word))
		fail_msg("'%s' does not say '%s'", w->s.err.text, word);
	err_clear(&w->s.err);
	assert_false(w->sum.all_equal);
	ok(w, replica_verify(w->s.r, &w->s.err));
}

/* Does the condition hold in the replica? */
static bool holds(struct world *w, const char *condition)
{
	char sql[512];
	enum rc rc;

	snprintf(sql, sizeof(sql),
		 "CREATE TEMP TABLE IF NOT EXISTS asked(x CHECK(x)); "
		 "INSERT INTO asked SELECT coalesce((%s),0)",
		 condition);
	rc = replica_exec(w->s.r, sql, &w->s.err);
	err_clear(&w->s.err);
	return rc == RC_OK;
}

static void changes_travel_as_changes_and_whole_when_asked(void **state)
{
	struct world *w = *state;

	edit(w, "UPDATE subject SET name='x' WHERE id IN ('s1','s2')");
	edit(w, "INSERT INTO visit(id,subject) VALUES('v2','s1')");
	sync_ok(w);
	assert_int_equal(w->s.changed_records, 2);
	assert_int_equal(w->s.whole_records, 1);
	edit(w, "UPDATE subject SET name='y' WHERE id='s1'");
	w->s.refuse_state = "need_whole";
	w->s.refuse_times = 1;
	sync_ok(w);
	assert_int_equal(w->s.changed_records, 2);
	assert_int_equal(w->s.whole_records, 2);
	assert_int_equal(w->sum.requests, 2);
	assert_int_equal(w->sum.packets_sent, 1);
}

static void a_refused_journal_begins_anew(const char *why, struct world *w)
{
	w->s.refuse_state = why;
	w->s.refuse_times = 2;
	edit(w, "UPDATE subject SET name='x' WHERE id='s1'");
	commit(w);
	edit(w, "UPDATE subject SET name='y' WHERE id='s1'");
	sync_ok(w);
	assert_true(w->sum.fork);
	assert_int_equal(w->sum.packets_sent, 2);
	assert_true(holds(w, "SELECT count(*)=2 FROM hufu_packet WHERE "
			     "state='superseded'"));
	assert_true(holds(w, "SELECT count(*)=2 AND count(DISTINCT journal)=1 "
			     "AND max(sequence)=2 FROM hufu_packet WHERE "
			     "state='acknowledged'"));
	assert_true(holds(w, "SELECT body LIKE '%Supersedes: ' || (SELECT oid "
			     "FROM hufu_packet WHERE state='superseded' ORDER "
			     "BY number) || '%' FROM hufu_packet WHERE "
			     "state='acknowledged' ORDER BY number"));
	assert_true(holds(w, "SELECT name='y' FROM subject WHERE id='s1'"));
}

static void a_fork_begins_a_journal_that_supersedes(void **state)
{
	a_refused_journal_begins_anew("fork", *state);
}

static void an_unverifiable_packet_begins_a_journal(void **state)
{
	a_refused_journal_begins_anew("unverifiable", *state);
}

static void a_fork_while_locked_says_what_is_needed(void **state)
{
	struct world *w = *state;

	edit(w, "UPDATE subject SET name='x' WHERE id='s1'");
	commit(w);
	seeded_reopen(&w->s, false);
	w->s.refuse_state = "fork";
	w->s.refuse_times = 2;
	sync_refused(w, RC_DENIED, "PIN is needed");
	seeded_reopen(&w->s, true);
	sync_ok(w);
	assert_true(holds(w, "SELECT name='x' FROM subject WHERE id='s1'"));
}

static void earlier_packets_are_sent_again_when_the_server_waits(void **state)
{
	struct world *w = *state;

	edit(w, "UPDATE subject SET name='x' WHERE id='s1'");
	sync_ok(w);
	edit(w, "UPDATE subject SET name='y' WHERE id='s2'");
	w->s.refuse_state = "waiting";
	w->s.refuse_times = 1;
	sync_ok(w);
	assert_int_equal(w->sum.packets_sent, 2);
}

static void a_state_that_is_unknown_stops_the_sync(void **state)
{
	struct world *w = *state;

	edit(w, "UPDATE subject SET name='x' WHERE id='s1'");
	w->s.refuse_state = "pondering";
	w->s.refuse_times = 1;
	sync_refused(w, RC_INVALID, "pondering");
	sync_ok(w);
}

static void an_answer_of_another_server_changes_nothing(void **state)
{
	struct world *w = *state;

	edit(w, "UPDATE subject SET name='x' WHERE id='s1'");
	seeded_put(&w->s, "330106", "subject", "s2", "{\"name\":\"news\"}");
	w->s.forge = true;
	sync_refused(w, RC_CORRUPT, "not signed");
	assert_true(holds(w, "SELECT name='one' FROM subject WHERE id='s2'"));
	assert_true(holds(w, "SELECT count(*)=1 FROM hufu_packet WHERE "
			     "state='sent'"));
}

static void a_root_that_differs_is_refused_but_receipts_stay(void **state)
{
	struct world *w = *state;

	edit(w, "UPDATE subject SET name='x' WHERE id='s1'");
	seeded_put(&w->s, "330106", "subject", "s2", "{\"name\":\"news\"}");
	w->s.wrong_root = true;
	sync_refused(w, RC_CORRUPT, "halves of scope");
	assert_true(holds(w, "SELECT name='one' FROM subject WHERE id='s2'"));
	assert_true(holds(w, "SELECT name='x' FROM subject WHERE id='s1'"));
	assert_true(holds(w, "SELECT state='acknowledged' FROM hufu_packet"));
	w->s.wrong_root = false;
	sync_ok(w);
	assert_true(holds(w, "SELECT name='news' FROM subject WHERE id='s2'"));
	assert_true(holds(w, "SELECT name='x' FROM subject WHERE id='s1'"));
}

static void a_damaged_tree_is_put_right_by_the_next_sync(void **state)
{
	struct world *w = *state;

	edit(w, "UPDATE hufu_town SET oid=randomblob(20) WHERE town='000'");
	seeded_put(&w->s, "330106", "subject", "s2",
		   "{\"name\":\"news\",\"town\":\"001\"}");
	sync_ok(w);
	assert_true(w->sum.was_damaged);
	assert_int_equal(w->sum.repaired, 0);
}

static void records_that_left_are_gone(void **state)
{
	struct world *w = *state;
	int records;

	seeded_put(&w->s, "330106", "subject", "s1", NULL);
	seeded_put(&w->s, "330106", "subject", "s2", NULL);
	seeded_reopen(&w->s, false);
	edit(w, "UPDATE subject SET name='mine' WHERE id='s2'");
	sync_ok(w);
	assert_true(holds(w, "SELECT count(*)=0 FROM subject WHERE id='s1'"));
	assert_true(holds(w, "SELECT name='mine' FROM subject WHERE id='s2'"));
	ok(w, replica_undo(w->s.r, NULL, NULL, &records, &w->s.err));
	assert_true(holds(w, "SELECT count(*)=0 FROM subject WHERE id='s2'"));
	ok(w, replica_verify(w->s.r, &w->s.err));
}

#define GADGET(more)                                                           \
	"{\"kind\":\"gadget\",\"label\":{\"zh\":\"x\",\"en\":\"x\"},"          \
	"\"scope\":\"county\",\"class\":\"L2\",\"writers\":[\"inspector\"],"   \
	"\"fields\":[{\"name\":\"size\",\"type\":\"int\",\"label\":"           \
	"{\"zh\":\"x\",\"en\":\"x\"}}" more "]}"
#define COLOUR                                                                 \
	",{\"name\":\"colour\",\"type\":\"text\",\"label\":{\"zh\":\"x\","     \
	"\"en\":\"x\"}}"

static void rows_of_an_unknown_kind_wait_for_it(void **state)
{
	struct world *w = *state;

	seeded_put(
		&w->s, "330106", "gadget", "g1",
		"{\"size\":3,\"colour\":\"red\",\"shape\":[1,{\"a\":true}]}");
	sync_ok(w);
	assert_true(holds(w, "SELECT count(*)=1 FROM hufu_extra WHERE "
			     "kind='gadget'"));
	seeded_kind(&w->s, GADGET(""));
	sync_ok(w);
	assert_true(holds(w, "SELECT size=3 FROM gadget WHERE id='g1'"));
	ok(w, replica_check_capture(w->s.r, &w->s.err));
	edit(w, "UPDATE gadget SET size=4 WHERE id='g1'");
	sync_ok(w);
	assert_true(holds(w, "SELECT body='{\"colour\":\"red\",\"shape\":[1,"
			     "{\"a\":true}]}' FROM hufu_extra WHERE "
			     "kind='gadget'"));
}

/* A field arrives while an edit is not committed: it belongs to the base, too.
 */
static void a_new_field_arrives_under_an_edit(void **state)
{
	struct world *w = *state;
	char *text;

	seeded_kind(&w->s, GADGET(""));
	seeded_put(&w->s, "330106", "gadget", "g1",
		   "{\"size\":3,\"colour\":\"red\"}");
	seeded_put(&w->s, "330106", "gadget", "g2", "{\"size\":3}");
	sync_ok(w);
	seeded_reopen(&w->s, false);
	edit(w, "UPDATE gadget SET size=4");
	seeded_kind(&w->s, GADGET(COLOUR));
	sync_ok(w);
	assert_true(holds(w, "SELECT colour='red' AND size=4 FROM gadget "
			     "WHERE id='g1'"));
	ok(w, replica_main(w->s.r, "gadget", "g1", &text, &w->s.err));
	assert_string_equal(text, "{\"colour\":\"red\",\"id\":\"g1\",\"scope\":"
				  "\"330106\",\"size\":3,\"town\":\"000\"}");
	free(text);
	ok(w, replica_check_capture(w->s.r, &w->s.err));
	edit(w, "UPDATE gadget SET colour='blue' WHERE id='g2'");
	seeded_reopen(&w->s, true);
	sync_ok(w);
	assert_int_equal(w->sum.records_sent, 2);
	assert_true(holds(w, "SELECT colour='blue' AND size=4 FROM gadget "
			     "WHERE id='g2'"));
}

static void a_kind_that_is_not_understood_stays_unknown(void **state)
{
	struct world *w = *state;

	seeded_kind(&w->s, "{\"kind\":\"gadget\",\"scope\":\"orbit\"}");
	seeded_put(&w->s, "330106", "gadget", "g1", "{\"size\":3}");
	sync_ok(w);
	assert_true(holds(w, "SELECT count(*)=1 FROM hufu_extra WHERE "
			     "kind='gadget'"));
	seeded_reopen(&w->s, true);
	ok(w, replica_verify(w->s.r, &w->s.err));
}

static void what_is_too_much_for_one_request_goes_in_several(void **state)
{
	struct world *w = *state;

	/* summaries of hex digits, 20 KB a record */
	edit(w, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n "
		"WHERE i<500) INSERT INTO visit(subject,summary) "
		"SELECT 's1',hex(randomblob(9900)) FROM n");
	sync_ok(w);
	assert_true(w->sum.requests > 2);
	assert_true(w->sum.packets_sent > 8);
	assert_int_equal(w->sum.records_sent, 500);
	assert_int_equal(w->sum.bytes_up > 4 << 20, true);
}

static void the_network_may_stay_away(void **state)
{
	struct world *w = *state;

	edit(w, "UPDATE subject SET name='x' WHERE id='s1'");
	w->s.stay_away = true;
	sync_refused(w, RC_IO, "cannot reach");
	sync_refused(w, RC_IO, "cannot reach");
	w->s.stay_away = false;
	sync_ok(w);
	assert_int_equal(w->sum.packets_sent, 1);
}

/* The outer form of a private record, as a server that holds the key makes it.
 */
static void private_put(struct world *w, const char *id, const char *phone)
{
	static const unsigned char key[SEAL_KEY_BYTES] = { 7 };
	json_t *outer,
		*plain = json_pack("{s:s, s:s, s:s, s:s}", "id", id, "scope",
				   "330106", "town", "000", "phone", phone);
	struct buf text;

	ok(w, sealed_make(&outer, "subject_private", plain,
			  "00000000000000000007", key, &w->s.err));
	buf_init(&text, RECORD_BYTES_MAX);
	ok(w, jcs_write(&text, outer, &w->s.err));
	seeded_put(&w->s, "330106", "subject_private", id, text.data);
	buf_release(&text);
	json_decref(plain);
	json_decref(outer);
}

static void key_event(struct world *w, int serial, bool destroyed)
{
	static const unsigned char key[SEAL_KEY_BYTES] = { 7 };
	char text[BASE64_SIZE(SEAL_KEY_BYTES)];

	base64_encode(text, key, sizeof(key));
	json_array_append_new(
		w->s.extra_lines,
		json_pack("{s:[[i,s,s,s,o]]}", "keys", serial,
			  "00000000000000000007", "330106", "s1",
			  destroyed ? json_null() : json_string(text)));
}

static bool file_has(struct world *w, const char *word)
{
	char command[256];

	snprintf(command, sizeof(command), "grep -aq '%s' %s", word, w->s.path);
	return system(command) == 0;
}

static void a_destroyed_key_leaves_nothing_readable(void **state)
{
	struct world *w = *state;

	private_put(w, "s1", "phone-of-lilac");
	sync_ok(w);
	assert_true(holds(w, "SELECT count(*)=0 FROM subject_private"));
	key_event(w, 1, false);
	sync_ok(w);
	assert_true(holds(w, "SELECT phone='phone-of-lilac' FROM "
			     "subject_private WHERE id='s1'"));
	edit(w, "UPDATE subject_private SET note='note-of-orchid'");
	commit(w);
	edit(w, "UPDATE subject_private SET note='note-of-violet'");
	assert_true(file_has(w, "phone-of-lilac"));
	seeded_reopen(&w->s, false);
	key_event(w, 2, true);
	sync_ok(w);
	assert_true(holds(w, "SELECT count(*)=0 FROM subject_private"));
	assert_true(holds(w, "SELECT count(*)=0 FROM old_subject_private"));
	assert_true(holds(w, "SELECT count(*)=0 FROM hufu_key"));
	seeded_reopen(&w->s, true);
	assert_false(file_has(w, "phone-of-lilac"));
	assert_false(file_has(w, "note-of-orchid"));
	assert_false(file_has(w, "note-of-violet"));
	sync_ok(w);
}

static void a_private_record_without_its_key_is_not_committed(void **state)
{
	struct world *w = *state;
	int packets, records;

	edit(w, "INSERT INTO subject_private(id,phone) VALUES('s5','123')");
	assert_int_equal(
		replica_commit(w->s.r, "no key", &packets, &records, &w->s.err),
		RC_DENIED);
	assert_non_null(strstr(w->s.err.text, "subject_private 's5'"));
	err_clear(&w->s.err);
	ok(w, replica_undo(w->s.r, NULL, NULL, &records, &w->s.err));
	sync_ok(w);
}

static void a_private_edit_travels_sealed(void **state)
{
	struct world *w = *state;

	private_put(w, "s1", "phone-of-lilac");
	key_event(w, 1, false);
	sync_ok(w);
	edit(w, "UPDATE subject_private SET note='note-of-orchid'");
	commit(w);
	assert_true(holds(w, "SELECT count(*)=1 FROM hufu_packet_record WHERE "
			     "body LIKE '%xchacha20%' AND body NOT LIKE "
			     "'%orchid%' AND base LIKE '%xchacha20%'"));
	sync_ok(w);
	assert_true(holds(w, "SELECT note='note-of-orchid' AND "
			     "phone='phone-of-lilac' FROM subject_private"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_make, world_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(changes_travel_as_changes_and_whole_when_asked),
		T(a_fork_begins_a_journal_that_supersedes),
		T(an_unverifiable_packet_begins_a_journal),
		T(a_fork_while_locked_says_what_is_needed),
		T(earlier_packets_are_sent_again_when_the_server_waits),
		T(a_state_that_is_unknown_stops_the_sync),
		T(an_answer_of_another_server_changes_nothing),
		T(a_root_that_differs_is_refused_but_receipts_stay),
		T(a_damaged_tree_is_put_right_by_the_next_sync),
		T(records_that_left_are_gone),
		T(rows_of_an_unknown_kind_wait_for_it),
		T(a_new_field_arrives_under_an_edit),
		T(a_kind_that_is_not_understood_stays_unknown),
		T(what_is_too_much_for_one_request_goes_in_several),
		T(the_network_may_stay_away),
		T(a_destroyed_key_leaves_nothing_readable),
		T(a_private_record_without_its_key_is_not_committed),
		T(a_private_edit_travels_sealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
