/* Sessions, accounts and the wait after wrong passwords. */
#include "test_store.h"

#include "store/backoff.h"
#include "store/session.h"

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)

static struct account li;

static enum rc change(const struct account *actor, struct account_change c)
{
	return account_change(desk.s, actor, &c, &by_test, &desk.err);
}

static int begin(void **state)
{
	int rc = desk_begin(state);

	ok(change(&desk.admin,
		  (struct account_change){ .name = "li",
					   .is_new = true,
					   .roles = ROLE_COORDINATOR,
					   .scopes = "3301" }));
	ok(account_get(desk.s, "li", &li, &desk.err));
	return rc;
}

static void session(char id[SESSION_SIZE])
{
	struct audit_by by = { .who = "li", .via = VIA_API };

	ok(session_begin(desk.s, &li, &by, id, &desk.err));
}

static enum rc find(const char *id, struct account *out)
{
	return session_find(desk.s, id, desk.now_ms, out, &desk.err);
}

static void has_ended(const char *id)
{
	struct account a;

	refused(find(id, &a), RC_DENIED, "the session has ended");
	assert_int_equal(a.roles, 0);
}

static void a_session_is_its_account_as_it_is_now(void **state)
{
	char id[SESSION_SIZE], other[SESSION_SIZE];
	struct account a;

	(void)state;
	session(id);
	session(other);
	assert_int_equal(strlen(id), 43);
	assert_string_not_equal(id, other);
	ok(find(id, &a));
	assert_string_equal(a.name, "li");
	assert_string_equal(a.scopes, "3301");
	ok(change(&desk.admin,
		  (struct account_change){ .name = "li", .scopes = "330106" }));
	ok(find(id, &a));
	assert_string_equal(a.scopes, "330106");
	assert_int_equal(number("SELECT count(*) FROM session WHERE "
				"length(hash) = 32"),
			 2);
	assert_int_equal(number("SELECT count(*) FROM audit WHERE operation = "
				"'login' AND who = 'li' AND via = 'api'"),
			 2);
	id[5] ^= 1;
	has_ended(id);
	has_ended("");
}

static void a_session_ends_when_it_is_idle(void **state)
{
	char id[SESSION_SIZE];
	struct account a;

	(void)state;
	session(id);
	desk.now_ms = NOW + 15 * MINUTE - 1;
	ok(find(id, &a));
	desk.now_ms += 15 * MINUTE - 1;
	ok(find(id, &a));
	desk.now_ms += 15 * MINUTE;
	has_ended(id);
	assert_int_equal(number("SELECT count(*) FROM session"), 0);
}

static void a_session_ends_after_twelve_hours(void **state)
{
	char id[SESSION_SIZE];
	struct account a;

	(void)state;
	session(id);
	for (; desk.now_ms < NOW + 12 * HOUR; desk.now_ms += 10 * MINUTE)
		ok(find(id, &a));
	has_ended(id);
}

static void a_session_ends_with_what_it_began_with(void **state)
{
	static const struct account_change changes[] = {
		{ .name = "li", .state = ACCOUNT_DISABLE },
		{ .name = "li", .password = "correct horse" },
	};
	struct account a;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char id[SESSION_SIZE];

		session(id);
		ok(find(id, &a));
		ok(change(&desk.admin, changes[i]));
		has_ended(id);
		ok(change(&desk.admin,
			  (struct account_change){ .name = "li",
						   .state = ACCOUNT_ENABLE }));
		has_ended(id);
	}
}

/* Proved with the old password, begun after the new one was set. */
static void a_proof_that_is_out_of_date_begins_nothing(void **state)
{
	char id[SESSION_SIZE];

	(void)state;
	ok(change(&desk.admin,
		  (struct account_change){ .name = "li",
					   .password = "correct horse" }));
	session(id);
	has_ended(id);
}

static void ending_ends_one_or_all(void **state)
{
	char one[SESSION_SIZE], two[SESSION_SIZE], three[SESSION_SIZE];
	struct account a;

	(void)state;
	session(one);
	session(two);
	session(three);
	ok(session_end(desk.s, one, &desk.err));
	ok(session_end(desk.s, one, &desk.err));
	has_ended(one);
	ok(find(two, &a));
	ok(session_end_all(desk.s, "li", &desk.err));
	has_ended(two);
	has_ended(three);
}

static void what_expired_is_removed_when_another_begins(void **state)
{
	char id[SESSION_SIZE];

	(void)state;
	session(id);
	session(id);
	desk.now_ms += HOUR;
	session(id);
	assert_int_equal(number("SELECT count(*) FROM session"), 1);
}

/* -- accounts -- */

static void a_disabled_account_is_answered_like_an_unknown_one(void **state)
{
	struct account a;
	char first[ERR_TEXT_MAX];

	(void)state;
	ok(change(&desk.admin,
		  (struct account_change){ .name = "li",
					   .password = "correct horse" }));
	ok(account_proves(desk.s, "li", "correct horse", &a, &desk.err));
	assert_int_equal(a.password_version, 1);
	assert_int_equal(account_proves(desk.s, "nobody", "correct horse", &a,
					&desk.err),
			 RC_DENIED);
	snprintf(first, sizeof(first), "%s", desk.err.text);
	err_clear(&desk.err);
	refused(account_proves(desk.s, "li", "wrong", &a, &desk.err), RC_DENIED,
		first);
	refused(account_proves(desk.s, "admin", "", &a, &desk.err), RC_DENIED,
		first);
	ok(change(&desk.admin,
		  (struct account_change){ .name = "li",
					   .state = ACCOUNT_DISABLE }));
	refused(account_proves(desk.s, "li", "correct horse", &a, &desk.err),
		RC_DENIED, first);
	refused(account_get(desk.s, "li", &a, &desk.err), RC_DENIED,
		"account 'li' is disabled");
	ok(account_look(desk.s, "li", &a, &desk.err));
	assert_true(a.is_disabled);
}

static void only_an_administrator_of_the_scopes_changes_accounts(void **state)
{
	static const struct {
		struct account actor;
		struct account_change c;
		enum rc want;
		const char *words;
	} cases[] = {
		{ { .name = "wang", .roles = ROLE_COORDINATOR, .scopes = "*" },
		  { .name = "li", .state = ACCOUNT_DISABLE },
		  RC_DENIED,
		  "only an administrator changes" },
		{ { .name = "wang", .roles = ROLE_AUDITOR, .scopes = "*" },
		  { .name = "li", .password = "correct horse" },
		  RC_DENIED,
		  "only an administrator" },
		{ { .name = "z",
		    .roles = ROLE_ADMINISTRATOR,
		    .scopes = "330106" },
		  { .name = "li", .state = ACCOUNT_DISABLE },
		  RC_DENIED,
		  "no rights in all" },
		{ { .name = "z",
		    .roles = ROLE_ADMINISTRATOR,
		    .scopes = "3301" },
		  { .name = "li", .scopes = "33" },
		  RC_DENIED,
		  "no rights in all" },
		{ { .name = "z",
		    .roles = ROLE_ADMINISTRATOR,
		    .scopes = "3301" },
		  { .name = "new", .is_new = true, .roles = 2, .scopes = "*" },
		  RC_DENIED,
		  "no rights in all" },
		{ { .name = "z",
		    .roles = ROLE_ADMINISTRATOR,
		    .scopes = "*",
		    .agency = "ag1" },
		  { .name = "li", .state = ACCOUNT_DISABLE },
		  RC_DENIED,
		  "bound to an agency" },
		{ { .name = "li", .roles = ROLE_COORDINATOR, .scopes = "3301" },
		  { .name = "li", .roles = ROLE_ADMINISTRATOR },
		  RC_DENIED,
		  "only an administrator" },
		{ { .name = "li", .roles = ROLE_COORDINATOR, .scopes = "3301" },
		  { .name = "li", .password = "correct horse" },
		  RC_OK,
		  "" },
		{ { .name = "z", .roles = ROLE_ADMINISTRATOR, .scopes = "33" },
		  { .name = "li", .scopes = "3301", .agency = "ag1,ag2" },
		  RC_OK,
		  "" },
		{ { .name = "z", .roles = ROLE_ADMINISTRATOR, .scopes = "33" },
		  { .name = "li", .agency = "ag1,,ag2" },
		  RC_INVALID,
		  "agencies are ids" },
		{ { .name = "li", .roles = ROLE_ADMINISTRATOR, .scopes = "33" },
		  { .name = "li", .roles = ROLE_ADMINISTRATOR },
		  RC_DENIED,
		  "for another administrator" },
		{ { .name = "li", .roles = ROLE_ADMINISTRATOR, .scopes = "33" },
		  { .name = "li", .scopes = "330106" },
		  RC_DENIED,
		  "for another administrator" },
		{ { .name = "li", .roles = ROLE_ADMINISTRATOR, .scopes = "33" },
		  { .name = "li", .agency = "ag3" },
		  RC_DENIED,
		  "for another administrator" },
		{ { .name = "z", .roles = ROLE_ADMINISTRATOR, .scopes = "33" },
		  { .name = "nobody", .state = ACCOUNT_DISABLE },
		  RC_DENIED, /* as of one whom he may not change */
		  "no rights in all of the scopes of account 'nobody'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t entries = desk.s->audited;

		print_message("case %zu\n", i);
		refused(change(&cases[i].actor, cases[i].c), cases[i].want,
			cases[i].words);
		assert_int_equal(desk.s->audited - entries,
				 cases[i].want == RC_OK);
	}
}

static void the_last_administrator_stays(void **state)
{
	(void)state;
	refused(change(&desk.admin,
		       (struct account_change){ .name = "admin",
						.state = ACCOUNT_DISABLE }),
		RC_DENIED, "no administrator of all scopes would be left");
	refused(change(NULL, (struct account_change){ .name = "admin",
						      .roles = ROLE_ANALYST }),
		RC_DENIED, "no administrator of all scopes would be left");
	ok(change(&desk.admin,
		  (struct account_change){ .name = "li",
					   .roles = ROLE_ADMINISTRATOR }));
	/* A county's makes none of all scopes. */
	refused(change(&desk.admin,
		       (struct account_change){ .name = "admin",
						.state = ACCOUNT_DISABLE }),
		RC_DENIED, "no administrator of all scopes would be left");
	ok(change(&desk.admin,
		  (struct account_change){ .name = "li", .scopes = "*" }));
	ok(change(&desk.admin,
		  (struct account_change){ .name = "admin",
					   .state = ACCOUNT_DISABLE }));
}

static void an_agency_sees_its_own_and_nobodys(void **state)
{
	struct account a = { .agency = "ag1,ag22" }, all = { 0 };

	(void)state;
	assert_true(account_may_agency(&a, "ag1"));
	assert_true(account_may_agency(&a, "ag22"));
	assert_true(account_may_agency(&a, NULL));
	assert_false(account_may_agency(&a, "ag2"));
	assert_false(account_may_agency(&a, "ag1,ag22"));
	assert_true(account_may_agency(&all, "ag2"));
}

/* -- waits -- */

static void fails_times(struct backoff *b, const char *name, int n)
{
	for (int i = 0; i < n; i++)
		backoff_failed(b, name);
}

static void waits(struct backoff *b, const char *name, int seconds)
{
	int wait_s;
	enum rc rc = backoff_check(b, name, &wait_s, &desk.err);

	assert_int_equal(wait_s, seconds);
	assert_int_equal(rc, seconds ? RC_BUSY : RC_OK);
	err_clear(&desk.err);
}

static void wrong_passwords_wait_longer_and_longer(void **state)
{
	static const int want[] = {
		1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300
	};
	struct backoff *b;

	(void)state;
	ok(backoff_new(&b, &desk.host, BACKOFF_FREE, &desk.err));
	waits(b, "li", 0);
	fails_times(b, "li", 4);
	waits(b, "li", 0);
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		fails_times(b, "li", 1);
		waits(b, "li", want[i]);
		waits(b, "wang", 0);
		desk.now_ms += want[i] * 1000 - 1;
		waits(b, "li", 1);
		desk.now_ms++;
		waits(b, "li", 0);
	}
	backoff_passed(b, "li");
	fails_times(b, "li", 4);
	waits(b, "li", 0);
	fails_times(b, "li", 1);
	waits(b, "li", 1);
	desk.now_ms += HOUR;
	fails_times(b, "li", 4);
	waits(b, "li", 0);
	backoff_free(b);
}

static void any_number_of_names_takes_the_same_memory(void **state)
{
	struct backoff *b;
	char name[24];
	int waiting = 0, wait_s;

	(void)state;
	ok(backoff_new(&b, &desk.host, BACKOFF_FREE, &desk.err));
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "name%d", i);
		fails_times(b, name, 5);
	}
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "name%d", i);
		waiting +=
			backoff_check(b, name, &wait_s, &desk.err) == RC_BUSY;
		err_clear(&desk.err);
	}
	assert_int_equal(waiting, 4096);
	backoff_free(b);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, begin, desk_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_session_is_its_account_as_it_is_now),
		TEST(a_session_ends_when_it_is_idle),
		TEST(a_session_ends_after_twelve_hours),
		TEST(a_session_ends_with_what_it_began_with),
		TEST(a_proof_that_is_out_of_date_begins_nothing),
		TEST(ending_ends_one_or_all),
		TEST(what_expired_is_removed_when_another_begins),
		TEST(a_disabled_account_is_answered_like_an_unknown_one),
		TEST(only_an_administrator_of_the_scopes_changes_accounts),
		TEST(the_last_administrator_stays),
		TEST(an_agency_sees_its_own_and_nobodys),
		TEST(wrong_passwords_wait_longer_and_longer),
		TEST(any_number_of_names_takes_the_same_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
