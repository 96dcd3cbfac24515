/* Tokens: what they may, never more than their account, and when they end. */
#include "test_store.h"

#include "store/token.h"

#define LI "li"

static struct account li;

static void change(struct account_change c)
{
	ok(account_change(desk.s, &desk.admin, &c, &by_test, &desk.err));
	ok(account_look(desk.s, LI, &li, &desk.err));
}

static int begin(void **state)
{
	int rc = desk_begin(state);

	change((struct account_change){ .name = LI,
					.is_new = true,
					.roles =
						ROLE_COORDINATOR | ROLE_ANALYST,
					.scopes = "3301,330206",
					.agency = "ag1,ag2" });
	return rc;
}

static enum rc make(const struct account *actor, const struct token_wish *wish,
		    char text[TOKEN_SIZE])
{
	char id[21];

	return token_make(desk.s, actor, wish, &by_test, text, id, &desk.err);
}

static enum rc find(const char *text, struct account *out)
{
	return token_find(desk.s, text, desk.now_ms, out, NULL, &desk.err);
}

static void has_ended(const char *text)
{
	struct account a;

	refused(find(text, &a), RC_DENIED,
		"the token is wrong, expired or revoked");
	assert_int_equal(a.roles, 0);
}

static void a_token_acts_for_its_account(void **state)
{
	const struct token_wish wish = { .account = LI, .label = "nightly" };
	char text[TOKEN_SIZE], id[21], found[21];
	struct account a;

	(void)state;
	ok(token_make(desk.s, &li, &wish, &by_test, text, id, &desk.err));
	assert_int_equal(strlen(text), 48);
	assert_memory_equal(text, "hufu_", 5);
	assert_int_equal(strspn(text + 5, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij"
					  "klmnopqrstuvwxyz0123456789-_"),
			 43);
	ok(token_find(desk.s, text, NOW, &a, found, &desk.err));
	assert_string_equal(a.name, LI);
	assert_int_equal(a.roles, ROLE_COORDINATOR | ROLE_ANALYST);
	assert_string_equal(a.scopes, "3301,330206");
	assert_string_equal(a.agency, "ag1,ag2");
	assert_string_equal(found, id);
}

static void a_reading_token_says_so(void **state)
{
	const struct token_wish wish = { .account = LI,
					 .label = "nightly",
					 .is_reader = true };
	char text[TOKEN_SIZE];
	struct account a;

	(void)state;
	ok(make(&li, &wish, text));
	ok(find(text, &a));
	assert_true(a.is_reader);
	ok(account_get(desk.s, LI, &a, &desk.err));
	assert_false(a.is_reader);
}

static void what_is_stored_is_no_token(void **state)
{
	const struct token_wish wish = { .account = LI, .label = "nightly" };
	char text[TOKEN_SIZE], command[256];

	(void)state;
	ok(make(&li, &wish, text));
	ok(db_checkpoint(desk.s->db, &desk.err));
	/* base64url only: safe in a pattern */
	snprintf(command, sizeof(command), "grep -q -a -r -F -e '%s' %s",
		 text + 5, desk.dir);
	assert_int_not_equal(system(command), 0);
}

static void no_other_text_is_a_token(void **state)
{
	const struct token_wish wish = { .account = LI, .label = "nightly" };
	char text[TOKEN_SIZE], other[TOKEN_SIZE + 8];

	(void)state;
	ok(make(&li, &wish, text));
	for (size_t i = 0; i < TOKEN_SIZE - 1; i++) {
		memcpy(other, text, TOKEN_SIZE);
		other[i] = other[i] == 'x' ? 'y' : 'x';
		has_ended(other);
	}
	snprintf(other, sizeof(other), "%s=", text);
	has_ended(other);
	has_ended(text + 5);
	has_ended("");
	has_ended("hufu_");
}

static void a_token_never_has_more_than_both(void **state)
{
	static const struct {
		unsigned roles;
		const char *scopes, *agency; /* of the token */
		unsigned account_roles;
		const char *account_scopes, *account_agency; /* from then on */
		unsigned want_roles; /* 0: nothing is left */
		const char *want_scopes, *want_agency;
	} cases[] = {
		{ ROLE_ANALYST, "3301", "ag1", 0, NULL, NULL, ROLE_ANALYST,
		  "3301", "ag1" },
		{ 0, "330106", NULL, 0, NULL, NULL,
		  ROLE_ANALYST | ROLE_COORDINATOR, "330106", "ag1,ag2" },
		/* the account is narrowed */
		{ 0, NULL, NULL, ROLE_ANALYST, NULL, NULL, ROLE_ANALYST,
		  "3301,330206", "ag1,ag2" },
		{ ROLE_COORDINATOR, NULL, NULL, ROLE_ANALYST, NULL, NULL, 0,
		  NULL, NULL },
		{ 0, NULL, NULL, 0, "330106", NULL,
		  ROLE_ANALYST | ROLE_COORDINATOR, "330106", "ag1,ag2" },
		{ 0, "3301,330206", NULL, 0, "330106,3302", NULL,
		  ROLE_ANALYST | ROLE_COORDINATOR, "330206,330106", "ag1,ag2" },
		{ 0, "330206", NULL, 0, "3301", NULL, 0, NULL, NULL },
		{ 0, NULL, "ag1", 0, NULL, "ag2", 0, NULL, NULL },
		{ 0, NULL, NULL, 0, NULL, "ag2,ag3",
		  ROLE_ANALYST | ROLE_COORDINATOR, "3301,330206", "ag2" },
		/* or widened: the token stays as it was made */
		{ ROLE_ANALYST, "3301", "ag1", 0, "*", "", ROLE_ANALYST, "3301",
		  "ag1" },
		{ 0, NULL, NULL, ROLE_ANALYST | ROLE_ADMINISTRATOR, "33", NULL,
		  ROLE_ANALYST, "3301,330206", "ag1,ag2" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct token_wish wish = { .account = LI,
					   .label = "t",
					   .roles = cases[i].roles,
					   .scopes = cases[i].scopes,
					   .agency = cases[i].agency };
		char text[TOKEN_SIZE];
		struct account a;

		print_message("case %zu\n", i);
		ok(make(&li, &wish, text));
		change((struct account_change){
			.name = LI,
			.roles = cases[i].account_roles,
			.scopes = cases[i].account_scopes,
			.agency = cases[i].account_agency });
		if (cases[i].want_roles) {
			ok(find(text, &a));
			assert_int_equal(a.roles, cases[i].want_roles);
			assert_string_equal(a.scopes, cases[i].want_scopes);
			assert_string_equal(a.agency, cases[i].want_agency);
		} else {
			has_ended(text);
		}
		desk_end(state);
		begin(state);
	}
}

static void more_than_the_account_has_is_refused(void **state)
{
	static const struct {
		struct token_wish wish;
		const char *words;
	} cases[] = {
		{ { .account = LI, .label = "t", .roles = ROLE_ADMINISTRATOR },
		  "does not have the role administrator" },
		{ { .account = LI, .label = "t", .scopes = "33" }, "scopes" },
		{ { .account = LI, .label = "t", .scopes = "*" }, "scopes" },
		{ { .account = LI, .label = "t", .scopes = "x" }, "scopes" },
		{ { .account = LI, .label = "t", .agency = "ag3" }, "agenc" },
		{ { .account = LI, .label = "t", .agency = "" }, "agenc" },
		{ { .account = LI, .label = "" }, "label" },
		{ { .account = LI, .label = "a\nb" }, "label" },
		{ { .account = LI, .label = "a\xc2\x85" }, "label" },
		{ { .account = LI,
		    .label = "a\xe2\x80\xae"
			     "b" },
		  "label" },
		{ { .account = LI,
		    .label = "a\xe2\x81\xa6"
			     "b" },
		  "label" },
		{ { .account = LI, .label = NULL }, "label" },
		{ { .account = LI, .label = "a\nb" }, "label" },
		{ { .account = LI, .label = "t", .expires_ms = NOW },
		  "expired already" },
		{ { .account = LI,
		    .label = "t",
		    .expires_ms = NOW + 366 * DAY + 1 },
		  "366 days" },
	};
	char text[TOKEN_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		refused(make(&li, &cases[i].wish, text), RC_INVALID,
			cases[i].words);
	ok(make(&li,
		&(struct token_wish){ .account = LI,
				      .label = "t",
				      .expires_ms = NOW + 366 * DAY },
		text));
	refused(make(&li, &(struct token_wish){ .account = LI, .label = "t" },
		     text),
		RC_INVALID, "already");
	assert_int_equal(number("SELECT count(*) FROM token"), 1);
}

static void a_token_ends(void **state)
{
	const struct token_wish wish = { .account = LI, .label = "t" };
	char text[TOKEN_SIZE], again[TOKEN_SIZE];
	struct account a;

	(void)state;
	ok(make(&li, &wish, text));
	desk.now_ms = NOW + 90 * DAY - 1;
	ok(find(text, &a));
	desk.now_ms++;
	has_ended(text);
	desk.now_ms = NOW;
	ok(token_revoke(desk.s, &li, NULL, "t", &by_test, &desk.err));
	has_ended(text);
	refused(token_revoke(desk.s, &li, NULL, "t", &by_test, &desk.err),
		RC_NOT_FOUND, "no token 't'");
	/* its label is free again */
	ok(make(&li, &wish, again));
	ok(find(again, &a));
	change((struct account_change){ .name = LI, .state = ACCOUNT_DISABLE });
	has_ended(again);
	change((struct account_change){ .name = LI, .state = ACCOUNT_ENABLE });
	ok(find(again, &a));
	assert_int_equal(number("SELECT count(*) FROM audit WHERE kind = "
				"'token'"),
			 3);
}

static void only_the_owner_and_the_administrator_manage_tokens(void **state)
{
	const struct token_wish wish = { .account = LI, .label = "t" };
	struct account other = { .name = "wang",
				 .roles = ROLE_COORDINATOR,
				 .scopes = "*" },
		       local = { .name = "zhou",
				 .roles = ROLE_ADMINISTRATOR,
				 .scopes = "3301" };
	char text[TOKEN_SIZE];

	(void)state;
	refused(make(&other, &wish, text), RC_DENIED, "may not manage");
	refused(make(&local, &wish, text), RC_DENIED, "may not manage");
	ok(make(&desk.admin, &wish, text));
	refused(token_revoke(desk.s, &other, LI, "t", &by_test, &desk.err),
		RC_DENIED, "may not manage");
	refused(token_revoke(desk.s, &other, NULL, "t", &by_test, &desk.err),
		RC_NOT_FOUND, "account 'wang' has no token");
	ok(token_revoke(desk.s, &desk.admin, LI, "t", &by_test, &desk.err));
	has_ended(text);
}

static void a_use_is_noted_once_an_hour(void **state)
{
	const struct token_wish wish = { .account = LI, .label = "t" };
	char text[TOKEN_SIZE];
	struct account a;

	(void)state;
	ok(make(&li, &wish, text));
	assert_int_equal(number("SELECT used_at IS NULL FROM token"), 1);
	ok(find(text, &a));
	assert_int_equal(number("SELECT used_at FROM token"), NOW);
	desk.now_ms = NOW + 3599999;
	ok(find(text, &a));
	assert_int_equal(number("SELECT used_at FROM token"), NOW);
	desk.now_ms++;
	ok(db_begin(desk.s->db, false, &desk.err));
	ok(find(text, &a));
	db_rollback(desk.s->db);
	assert_int_equal(number("SELECT used_at FROM token"), NOW);
	ok(find(text, &a));
	assert_int_equal(number("SELECT used_at FROM token"), NOW + 3600000);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, begin, desk_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_token_acts_for_its_account),
		TEST(a_reading_token_says_so),
		TEST(what_is_stored_is_no_token),
		TEST(no_other_text_is_a_token),
		TEST(a_token_never_has_more_than_both),
		TEST(more_than_the_account_has_is_refused),
		TEST(a_token_ends),
		TEST(only_the_owner_and_the_administrator_manage_tokens),
		TEST(a_use_is_noted_once_an_hour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
