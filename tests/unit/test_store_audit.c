/* The audit log: a chain whose first altered, missing or moved entry is named;
 * its head; and folders of format 1. */
#include "test_store.h"

#include "base/fault.h"
#include "base/hex.h"
#include "store/session.h"
#include "store/token.h"

static void put(const char *operation, const char *detail)
{
	const struct audit_entry e = { .by = by_test,
				       .operation = operation,
				       .scope = "330106",
				       .kind = "subject",
				       .id = "s1",
				       .detail = detail };

	ok(audit_put(desk.s, &e, &desk.err));
}

static int begin(void **state)
{
	int rc = desk_begin(state);

	/* Entry 1 is the account. */
	put("set", "two");
	put("import", "three");
	put("set", NULL);
	put("export", "five \"quoted\" 检查");
	return rc;
}

static struct audit_head head_now(void)
{
	struct audit_head head;

	ok(audit_head(desk.s, &head, &desk.err));
	return head;
}

static void whole(int64_t entries)
{
	struct audit_head head;
	struct audit_fault fault;

	ok(audit_verify(desk.s, NULL, &head, &fault, &desk.err));
	assert_int_equal(head.seq, entries);
	assert_int_equal(fault.seq, 0);
}

static void broken_at(const struct audit_head *kept, int64_t seq,
		      const char *why)
{
	struct audit_head head;
	struct audit_fault fault;
	enum rc rc = audit_verify(desk.s, kept, &head, &fault, &desk.err);

	refused(rc, RC_CORRUPT, why);
	assert_int_equal(fault.seq, seq);
}

static void an_untouched_chain_is_whole(void **state)
{
	(void)state;
	whole(5);
	desk_reopen();
	put("set", "six");
	whole(6);
	assert_int_equal(desk.s->audited, 1);
}

/* Recomputed here from the definition, from the first entry on. */
static void the_hash_is_the_documented_one(void **state)
{
	unsigned char hash[SHA256_BYTES];
	char text[400], want[65];
	struct sha256 h;

	(void)state;
	snprintf(text, sizeof(text), "hufu audit 1%s", desk.s->epoch);
	sha256(hash, text, strlen(text));
	snprintf(text, sizeof(text),
		 "{\"at_ms\":%lld,\"detail\":\"roles=coordinator,analyst,"
		 "administrator scopes=* agency=* state=active\",\"id\":"
		 "\"admin\",\"kind\":\"account\",\"operation\":\"account add\","
		 "\"outcome\":\"ok\",\"seq\":1,\"via\":\"job\",\"who\":"
		 "\"server\"}",
		 (long long)NOW);
	sha256_begin(&h);
	sha256_add(&h, hash, sizeof(hash));
	sha256_add(&h, text, strlen(text));
	sha256_end(&h, hash);
	hex_encode(want, hash, sizeof(hash));
	snprintf(text, sizeof(text),
		 "SELECT count(*) FROM audit WHERE seq = 1 AND "
		 "lower(hex(hash)) = '%s'",
		 want);
	assert_int_equal(number(text), 1);
}

static void the_first_altered_entry_is_named(void **state)
{
	static const struct {
		const char *sql;
		int64_t seq;
		const char *why;
	} cases[] = {
		{ "UPDATE audit SET who = 'li' WHERE seq = 3", 3, "altered" },
		{ "UPDATE audit SET at_ms = at_ms - 1 WHERE seq = 1", 1,
		  "altered" },
		{ "UPDATE audit SET detail = NULL WHERE seq = 2", 2,
		  "altered" },
		{ "UPDATE audit SET detail = '' WHERE seq = 4", 4, "altered" },
		{ "UPDATE audit SET detail = detail || char(0) || 'x' "
		  "WHERE seq = 2",
		  2, "altered" },
		{ "UPDATE audit SET scope = CAST(scope AS BLOB) WHERE seq = 5",
		  5, "altered" },
		{ "UPDATE audit SET hash = zeroblob(32) WHERE seq = 5", 5,
		  "altered" },
		{ "UPDATE audit SET hash = x'00' WHERE seq = 5", 5, "altered" },
		{ "UPDATE audit SET outcome = 'refused', via = 'cli' "
		  "WHERE seq > 2",
		  3, "altered" },
		{ "DELETE FROM audit WHERE seq = 3", 3, "entry 4 is next" },
		{ "DELETE FROM audit WHERE seq = 1", 1, "entry 2 is next" },
		{ "DELETE FROM audit WHERE seq = 3; UPDATE audit SET "
		  "seq = seq - 1 WHERE seq > 3",
		  3, "altered" },
		{ "UPDATE audit SET seq = 99 WHERE seq = 2; UPDATE audit SET "
		  "seq = 2 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE "
		  "seq = 99",
		  2, "stands at 3" },
		{ "UPDATE audit SET seq = 0 WHERE seq = 5", 0, "no entry" },
		{ "INSERT INTO audit SELECT 6, at_ms, who, via, operation, "
		  "scope, kind, id, outcome, request_id, detail, hash FROM "
		  "audit WHERE seq = 5",
		  6, "altered" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		print_message("%s\n", cases[i].sql);
		sql("SAVEPOINT one");
		sql(cases[i].sql);
		broken_at(NULL, cases[i].seq, cases[i].why);
		sql("ROLLBACK TO one; RELEASE one");
	}
	whole(5);
}

static void note_again(void)
{
	struct audit_head head = head_now();
	char hash[2 * SHA256_BYTES + 1], text[300];

	hex_encode(hash, head.hash, SHA256_BYTES);
	snprintf(text, sizeof(text),
		 "UPDATE meta SET value = '%lld %lld %s' WHERE name = "
		 "'audit_end'",
		 (long long)head.seq, (long long)head.at_ms, hash);
	sql(text);
}

static void a_cut_end_shows_by_itself(void **state)
{
	static const struct {
		const char *sql;
		int64_t seq;
	} cases[] = {
		{ "DELETE FROM audit", 1 },
		{ "DELETE FROM audit WHERE seq > 3", 4 },
		{ "DELETE FROM audit WHERE seq > 4", 5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		sql("SAVEPOINT one");
		sql(cases[i].sql);
		broken_at(NULL, cases[i].seq, "hufu.db names entry 5");
		/* what comes after does not cover it up */
		put("set", "another");
		put("set", "another");
		put("set", "another");
		broken_at(NULL, cases[i].seq < 3 ? 4 : 5,
			  cases[i].seq < 3 ? "cut off" : "written anew");
		sql("ROLLBACK TO one; RELEASE one");
	}
	sql("SAVEPOINT one; UPDATE meta SET value = '5 0 x' WHERE name = "
	    "'audit_end'");
	broken_at(NULL, 0, "'audit_end' in 'meta' was altered");
	sql("ROLLBACK TO one; RELEASE one");
	whole(5);
}

/* As one of an earlier version, which noted nothing. */
static void a_folder_without_the_note_gets_one(void **state)
{
	struct audit_head head = head_now();

	(void)state;
	sql("DELETE FROM meta WHERE name = 'audit_end'");
	desk_reopen();
	whole(5);
	sql("SAVEPOINT one; DELETE FROM audit WHERE seq = 5");
	broken_at(NULL, 5, "cut off");
	sql("ROLLBACK TO one; RELEASE one");
	/* an earlier version wrote one entry since */
	put("set", "six");
	sql("UPDATE meta SET value = (SELECT seq || ' ' || at_ms || ' ' || "
	    "lower(hex(hash)) FROM audit WHERE seq = 5) WHERE name = "
	    "'audit_end'");
	assert_int_equal(head.seq, 5);
	whole(6);
	put("set", "seven");
	sql("DELETE FROM audit WHERE seq = 7");
	broken_at(NULL, 7, "cut off");
}

static void a_log_written_anew_shows_beside_a_kept_head(void **state)
{
	struct audit_head kept = head_now(), other = kept;

	(void)state;
	put("set", "six");
	sql("SAVEPOINT one; DELETE FROM audit WHERE seq > 3");
	note_again();
	whole(3); /* the folder alone cannot know */
	broken_at(&kept, 4, "the head that was kept names entry 5");
	sql("ROLLBACK TO one; DELETE FROM audit WHERE seq > 2");
	note_again();
	put("set", "another three");
	put("set", "another four");
	put("set", "another five");
	put("set", "another six");
	whole(6);
	broken_at(&kept, 5, "written anew");
	sql("ROLLBACK TO one; RELEASE one");
	snprintf(other.epoch, sizeof(other.epoch), "0123456789abcdef");
	{
		struct audit_head head;
		struct audit_fault fault;

		refused(audit_verify(desk.s, &other, &head, &fault, &desk.err),
			RC_INVALID, "another folder");
		ok(audit_verify(desk.s, &kept, &head, &fault, &desk.err));
	}
}

static void a_head_is_signed_and_read_again(void **state)
{
	struct audit_head now = head_now(), read;
	struct buf text;
	char *seq;

	(void)state;
	buf_init(&text, 8192);
	ok(audit_head_write(desk.s, &text, &desk.err));
	ok(audit_head_read(desk.s, text.data, text.len, &read, &desk.err));
	assert_int_equal(read.seq, 5);
	assert_int_equal(read.at_ms, NOW);
	assert_memory_equal(read.hash, now.hash, SHA256_BYTES);
	seq = strstr(text.data, "\"seq\":5");
	assert_non_null(seq);
	seq[6] = '4';
	refused(audit_head_read(desk.s, text.data, text.len, &read, &desk.err),
		RC_DENIED, "not signed by this server");
	refused(audit_head_read(desk.s, "{}", 2, &read, &desk.err), RC_INVALID,
		"no head");
	refused(audit_head_read(desk.s, "x", 1, &read, &desk.err), RC_INVALID,
		"no head");
	buf_release(&text);
}

static void an_entry_stands_with_its_effect_or_not_at_all(void **state)
{
	(void)state;
	ok(db_begin(desk.s->db, true, &desk.err));
	put("set", "gone");
	db_rollback(desk.s->db);
	whole(5);
	ok(db_begin(desk.s->db, true, &desk.err));
	put("set", "stays");
	ok(db_commit(desk.s->db, &desk.err));
	whole(6);
}

static enum rc last_detail(void *ctx, const struct audit_row *row,
			   struct err *err)
{
	(void)err;
	snprintf(ctx, AUDIT_TEXT_MAX + 1, "%s", row->detail ? row->detail : "");
	return RC_OK;
}

static void no_text_keeps_an_entry_out(void **state)
{
	const struct audit_filter all = { 0 };
	char got[AUDIT_TEXT_MAX + 1], many[AUDIT_TEXT_MAX + 100];

	(void)state;
	put("set", "a\nb\x7f\xff\xc3(\xe6\xa3\x80 \xed\xa0\x80 \xe6");
	ok(audit_each(desk.s, &all, last_detail, got, &desk.err));
	assert_string_equal(got, "a?b??"
				 "?(\xe6\xa3\x80 ?"
				 "?"
				 "? ?");
	memset(many, 'x', sizeof(many));
	memcpy(many + AUDIT_TEXT_MAX - 1, "\xe6\xa3\x80", 3);
	many[sizeof(many) - 1] = '\0';
	put("set", many);
	ok(audit_each(desk.s, &all, last_detail, got, &desk.err));
	assert_int_equal(strlen(got), AUDIT_TEXT_MAX - 1);
	whole(7);
}

static enum rc count(void *ctx, const struct audit_row *row, struct err *err)
{
	(void)row;
	(void)err;
	++*(int *)ctx;
	return RC_OK;
}

static void a_filter_takes_what_it_names(void **state)
{
	static const struct {
		struct audit_filter f;
		int want;
	} cases[] = {
		{ { 0 }, 5 },
		{ { .who = "admin" }, 4 },
		{ { .operation = "set" }, 2 },
		{ { .operation = "account" }, 1 },
		{ { .operation = "acc" }, 0 },
		{ { .scope = "330106", .operation = "export" }, 1 },
		{ { .from_ms = NOW + 1 }, 0 },
		{ { .to_ms = NOW }, 0 },
		{ { .from_ms = NOW, .to_ms = NOW + 1 }, 5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int n = 0;

		ok(audit_each(desk.s, &cases[i].f, count, &n, &desk.err));
		assert_int_equal(n, cases[i].want);
	}
}

/* -- every store call fails in turn -- */

static enum rc account_new(struct err *err)
{
	const struct account_change c = { .name = "li",
					  .is_new = true,
					  .roles = ROLE_COORDINATOR,
					  .scopes = "3301" };

	return account_change(desk.s, &desk.admin, &c, &by_test, err);
}

static enum rc token_new(struct err *err)
{
	const struct token_wish wish = { .account = "admin", .label = "t" };
	char text[TOKEN_SIZE], id[21];

	return token_make(desk.s, &desk.admin, &wish, &by_test, text, id, err);
}

static enum rc token_gone(struct err *err)
{
	return token_revoke(desk.s, &desk.admin, NULL, "t", &by_test, err);
}

static enum rc session_new(struct err *err)
{
	char id[SESSION_SIZE];

	return session_begin(desk.s, &desk.admin, &by_test, id, err);
}

static enum rc entry_new(struct err *err)
{
	const struct audit_entry e = { .by = by_test, .operation = "read" };

	return audit_put(desk.s, &e, err);
}

static int64_t rows(void)
{
	return number("SELECT (SELECT count(*) FROM account) + (SELECT "
		      "count(*) FROM token WHERE revoked_at IS NULL) + "
		      "(SELECT count(*) FROM session)");
}

static void a_failing_store_leaves_no_half_and_counts_no_entry(void **state)
{
	static enum rc (*const all[])(struct err * err) = {
		account_new, token_new, token_gone, session_new, entry_new,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		for (long n = 1;; n++) {
			struct err err = { 0 };
			int64_t before = rows(), counted = desk.s->audited;
			int64_t entries = head_now().seq;
			enum rc rc;

			fault_arm(FAULT_STORE, n, false);
			rc = all[i](&err);
			if (fault_clear(FAULT_STORE) < n) {
				assert_int_equal(rc, RC_OK);
				assert_int_equal(desk.s->audited, counted + 1);
				whole(entries + 1);
				break;
			}
			assert_int_not_equal(rc, RC_OK);
			assert_int_not_equal(err.code, RC_OK);
			assert_int_equal(rows(), before);
			assert_int_equal(desk.s->audited, counted);
			whole(entries);
		}
}

/* What format 1 was, made by hand. */
static void becomes_format_1(void)
{
	sql("DROP TABLE audit; DROP TABLE token; DROP TABLE session;"
	    "DROP TABLE IF EXISTS idempotency; DROP TABLE account;"
	    "DROP TABLE hufu_job; DROP TABLE blame;"
	    "DROP INDEX main_commit_position; DROP INDEX packet_main;"
	    "CREATE TABLE account(name TEXT NOT NULL PRIMARY KEY, roles "
	    "INTEGER NOT NULL, scopes TEXT NOT NULL, password TEXT) WITHOUT "
	    "ROWID; INSERT INTO account VALUES('chen', 2, '3301', NULL);"
	    "DELETE FROM meta WHERE name = 'audit_epoch';"
	    "UPDATE meta SET value = '1' WHERE name = 'format'");
}

static void a_folder_of_format_1_is_upgraded(void **state)
{
	struct account chen;

	(void)state;
	becomes_format_1();
	desk_reopen();
	ok(account_get(desk.s, "chen", &chen, &desk.err));
	assert_int_equal(chen.roles, ROLE_COORDINATOR);
	assert_string_equal(chen.scopes, "3301");
	assert_string_equal(chen.agency, "");
	assert_false(chen.is_disabled);
	whole(0);
	put("set", "first");
	whole(1);
	assert_int_equal(number("SELECT value = '4' FROM meta WHERE "
				"name = 'format'"),
			 1);
	desk_reopen();
	whole(1);
}

static void an_upgrade_that_fails_leaves_the_folder(void **state)
{
	struct store *s = NULL;

	(void)state;
	becomes_format_1();
	sql("CREATE TABLE audit(mine INTEGER)");
	assert_int_not_equal(
		store_open(&s, desk.dir, &desk.host, true, &desk.err), RC_OK);
	assert_null(s);
	err_clear(&desk.err);
	assert_int_equal(number("SELECT count(*) FROM sqlite_schema WHERE "
				"name = 'token'"),
			 0);
	assert_int_equal(number("SELECT value = '1' FROM meta WHERE "
				"name = 'format'"),
			 1);
	sql("DROP TABLE audit");
	desk_reopen();
	whole(0);
}

static void a_later_format_is_refused(void **state)
{
	struct store *s = NULL;

	(void)state;
	sql("UPDATE meta SET value = '5' WHERE name = 'format'");
	refused(store_open(&s, desk.dir, &desk.host, true, &desk.err),
		RC_INVALID, "update this program");
	assert_null(s);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, begin, desk_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_untouched_chain_is_whole),
		TEST(the_hash_is_the_documented_one),
		TEST(the_first_altered_entry_is_named),
		TEST(a_cut_end_shows_by_itself),
		TEST(a_folder_without_the_note_gets_one),
		TEST(a_log_written_anew_shows_beside_a_kept_head),
		TEST(a_head_is_signed_and_read_again),
		TEST(an_entry_stands_with_its_effect_or_not_at_all),
		TEST(no_text_keeps_an_entry_out),
		TEST(a_filter_takes_what_it_names),
		TEST(a_failing_store_leaves_no_half_and_counts_no_entry),
		TEST(a_folder_of_format_1_is_upgraded),
		TEST(an_upgrade_that_fails_leaves_the_folder),
		TEST(a_later_format_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
