/* Files of evidence at the office: parts that grow, the whole under its hash,
 * room for them, and a visit that waits for them. */
#include "test_states_harness.h"

#include <unistd.h>

#include "base/fault.h"
#include "domain/awaited.h"
#include "evidence/evidence.h"

/* printf abc | sha256sum */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

#define PUBLISH                                                                \
	"{'state':'published','ratified_by':'admin','ratified_reason':'seen'}"

static const struct evidence_file abc = { FIELD_SCOPE, ABC, 3 };
static struct evidence *store;

static int store_begin(void **state)
{
	struct err err = { 0 };

	begin(state);
	return evidence_new(&store, world.loop.store->dir,
			    &evidence_limits_usual, &err) != RC_OK;
}

static int store_end(void **state)
{
	fault_clear(FAULT_FILE);
	evidence_free(store);
	store = NULL;
	return end(state);
}

static struct evidence_seen seen(const struct evidence_file *f)
{
	struct evidence_seen s;

	if (evidence_look(world.loop.store->dir, f, &s, &world.err) != RC_OK)
		fail_msg("%s", world.err.text);
	return s;
}

/* Open, put, keep, close. */
static enum rc grow(const struct evidence_file *f, const char *bytes,
		    bool *whole)
{
	struct evidence_part part;
	enum rc rc = part_open(&part, store, f, &world.err);

	*whole = false;
	if (rc != RC_OK)
		return rc;
	rc = part_put(&part, bytes, strlen(bytes), &world.err);
	if (rc == RC_OK)
		rc = part_keep(&part, whole, &world.err);
	part_close(&part);
	return rc;
}

static void must(enum rc rc)
{
	if (rc != RC_OK)
		fail_msg("%s", world.err.text);
}

static void a_part_grows_until_it_is_the_file(void **state)
{
	bool whole;

	(void)state;
	assert_int_equal(seen(&abc).state, EVIDENCE_NONE);
	assert_int_equal(grow(&abc, "a", &whole), RC_NOT_FOUND);
	must(evidence_begin(store, &abc, 0, &world.err));
	must(grow(&abc, "a", &whole));
	assert_int_equal(seen(&abc).state, EVIDENCE_PART);
	assert_int_equal(seen(&abc).offset, 1);
	/* begun twice, nothing is lost */
	must(evidence_begin(store, &abc, 0, &world.err));
	assert_int_equal(seen(&abc).offset, 1);
	assert_int_equal(grow(&abc, "bcd", &whole), RC_INVALID);
	err_clear(&world.err);
	must(grow(&abc, "bc", &whole));
	assert_true(whole);
	assert_int_equal(seen(&abc).state, EVIDENCE_WHOLE);
	assert_int_equal(evidence_drop(store, &abc, &world.err), RC_NOT_FOUND);
}

static void other_bytes_are_refused_and_gone(void **state)
{
	bool whole;

	(void)state;
	must(evidence_begin(store, &abc, 0, &world.err));
	assert_int_equal(grow(&abc, "abd", &whole), RC_CORRUPT);
	assert_int_equal(seen(&abc).state, EVIDENCE_NONE);
}

static void one_sends_a_file_at_a_time(void **state)
{
	struct evidence_part first, second;

	(void)state;
	must(evidence_begin(store, &abc, 0, &world.err));
	must(part_open(&first, store, &abc, &world.err));
	assert_int_equal(part_open(&second, store, &abc, &world.err), RC_BUSY);
	err_clear(&world.err);
	part_close(&first);
	must(part_open(&second, store, &abc, &world.err));
	part_close(&second);
}

/* The hash alone gets nobody the file of another county. */
static void a_scope_has_what_it_sent(void **state)
{
	const struct evidence_file theirs = { "330108", ABC, 3 };
	bool whole;

	(void)state;
	must(evidence_begin(store, &abc, 0, &world.err));
	must(grow(&abc, "abc", &whole));
	assert_int_equal(seen(&theirs).state, EVIDENCE_NONE);
	must(evidence_begin(store, &theirs, 0, &world.err));
	assert_int_equal(seen(&theirs).offset, 0);
	must(grow(&theirs, "abc", &whole));
	assert_int_equal(seen(&theirs).state, EVIDENCE_WHOLE);
}

static void there_is_room_for_so_much(void **state)
{
	static const struct evidence_limits small = { 3, 4, 0 },
					    greedy = { 10, 0, INT64_MAX };
	const struct evidence_file large = { FIELD_SCOPE, ABC, 4 };
	struct evidence_file other = abc;
	char name[] = ABC;
	struct evidence *e;
	bool whole;

	(void)state;
	name[0] = 'c';
	other.sha256 = name;
	must(evidence_begin(store, &abc, 0, &world.err));
	must(grow(&abc, "abc", &whole));
	must(evidence_new(&e, world.loop.store->dir, &small, &world.err));
	assert_int_equal(evidence_begin(e, &large, 0, &world.err), RC_OK);
	other.bytes = 4;
	assert_int_equal(evidence_begin(e, &other, 0, &world.err), RC_INVALID);
	err_clear(&world.err);
	other.bytes = 3;
	assert_int_equal(evidence_begin(e, &other, 0, &world.err), RC_NOMEM);
	err_clear(&world.err);
	other.bytes = 1;
	must(evidence_begin(e, &other, 0, &world.err));
	must(evidence_drop(e, &other, &world.err));
	evidence_free(e);
	must(evidence_new(&e, world.loop.store->dir, &greedy, &world.err));
	assert_int_equal(evidence_begin(e, &other, 0, &world.err), RC_NOMEM);
	assert_non_null(strstr(world.err.text, "stay free"));
	evidence_free(e);
}

static void a_part_that_nobody_adds_to_is_taken_away(void **state)
{
	struct evidence_file old = abc;
	char name[] = ABC;

	(void)state;
	name[0] = 'c';
	old.sha256 = name;
	must(evidence_begin(store, &old, 0, &world.err));
	must(evidence_begin(store, &abc,
			    seen(&old).touched_ms + EVIDENCE_PART_MS - 1000,
			    &world.err));
	assert_int_equal(seen(&old).state, EVIDENCE_PART);
	must(evidence_drop(store, &abc, &world.err));
	must(evidence_begin(store, &abc,
			    seen(&old).touched_ms + EVIDENCE_PART_MS + 1000,
			    &world.err));
	assert_int_equal(seen(&old).state, EVIDENCE_NONE);
}

/* Every call of the file system fails in turn: what was kept stays, and going
 * on from the offset ends with the whole. */
static void a_failing_disk_loses_nothing_that_was_kept(void **state)
{
#ifdef WITH_FAULTS
	long nth, calls = 0;
	bool whole;

	(void)state;
	for (nth = 1; calls >= nth - 1; nth++) {
		char blob[400];
		enum rc rc;

		must(evidence_begin(store, &abc, 0, &world.err));
		must(grow(&abc, "a", &whole));
		fault_arm(FAULT_FILE, nth, false);
		rc = grow(&abc, "bc", &whole);
		calls = fault_clear(FAULT_FILE);
		if (calls >= nth) {
			assert_int_not_equal(rc, RC_OK);
			assert_false(whole);
			err_clear(&world.err);
		}
		/* What a sender does then: ask, and go on from there. */
		if (seen(&abc).state == EVIDENCE_NONE)
			must(evidence_begin(store, &abc, 0, &world.err));
		if (seen(&abc).state == EVIDENCE_PART)
			must(grow(&abc, &"abc"[seen(&abc).offset], &whole));
		assert_int_equal(seen(&abc).state, EVIDENCE_WHOLE);
		snprintf(blob, sizeof(blob), "%s/evidence/ba/%s",
			 world.loop.store->dir, ABC);
		assert_int_equal(unlink(blob), 0);
		if (calls < nth)
			break;
	}
	assert_true(nth > 6);
#else
	(void)state;
	skip(); /* this build makes no call fail */
#endif
}

static void a_visit_is_published_with_all_its_files(void **state)
{
	bool whole;

	(void)state;
	serve("visit", "v1",
	      "{'subject':'s1','state':'approved','town':'000'}");
	serve("evidence", "e1",
	      "{'visit':'v1','sha256':'" ABC "','size':3,'town':'000'}");
	assert_int_not_equal(office_try("visit", "v1", PUBLISH), RC_OK);
	assert_non_null(strstr(world.err.text, "missing 1 file of evidence"));
	err_clear(&world.err);
	must(evidence_begin(store, &abc, 0, &world.err));
	must(grow(&abc, "abc", &whole));
	office("visit", "v1", PUBLISH);
}

static void a_file_that_is_given_up_is_not_waited_for(void **state)
{
	(void)state;
	serve("visit", "v1",
	      "{'subject':'s1','state':'approved','town':'000'}");
	serve("evidence", "e1",
	      "{'visit':'v1','sha256':'" ABC "','size':3,'town':'000'}");
	office("evidence", "e1", "{'state':'void','reason':'the card broke'}");
	office("visit", "v1", PUBLISH);
}

static void a_late_file_raises_one_alarm(void **state)
{
	struct account server = { .name = "server",
				  .roles = ROLE_SERVER,
				  .scopes = "*" };
	struct account admin;
	struct op op = loop_op(&world.loop, &admin, &world.err);
	int raised;

	(void)state;
	op.actor = &server;
	serve("visit", "v1", "{'subject':'s1','state':'signed','town':'000'}");
	serve("evidence", "e1",
	      "{'visit':'v1','sha256':'" ABC "','size':3,'town':'000'}");
	must(awaited_alarm(&op, FIELD_SCOPE, NULL, &raised));
	assert_int_equal(raised, 0);
	must(awaited_alarm(&op, FIELD_SCOPE, "2099-01-01", &raised));
	assert_int_equal(raised, 1);
	must(awaited_alarm(&op, FIELD_SCOPE, "2099-01-01", &raised));
	assert_int_equal(raised, 0);
	on_server("SELECT rule||' '||record_kind||' '||record_id||' '||state "
		  "FROM alarm",
		  "evidence_missing visit v1 open");
}

int main(void)
{
#define WITH_STORE(t) cmocka_unit_test_setup_teardown(t, store_begin, store_end)
	const struct CMUnitTest tests[] = {
		WITH_STORE(a_part_grows_until_it_is_the_file),
		WITH_STORE(other_bytes_are_refused_and_gone),
		WITH_STORE(one_sends_a_file_at_a_time),
		WITH_STORE(a_scope_has_what_it_sent),
		WITH_STORE(there_is_room_for_so_much),
		WITH_STORE(a_part_that_nobody_adds_to_is_taken_away),
		WITH_STORE(a_failing_disk_loses_nothing_that_was_kept),
		WITH_STORE(a_visit_is_published_with_all_its_files),
		WITH_STORE(a_file_that_is_given_up_is_not_waited_for),
		WITH_STORE(a_late_file_raises_one_alarm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
