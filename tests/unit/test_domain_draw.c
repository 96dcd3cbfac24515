#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/hash.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "domain/draw_lots.h"
#include "domain/draw_paper.h"
#include "domain/draw_replace.h"
#include "domain/draw_ticket.h"

#define GRADES 3

static json_t *ids_of(const char *prefix, size_t n)
{
	json_t *ids = json_array();

	for (size_t i = 0; i < n; i++) {
		char id[33];

		snprintf(id, sizeof(id), "%s%06zu", prefix, i);
		json_array_append_new(ids, json_string(id));
	}
	return ids;
}

#define KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static json_t *pool_of(size_t n, bool has_leads)
{
	json_t *pool = json_array(), *ids = ids_of("o", n);

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_pack("{s:O, s:s, s:s}", "id",
				      json_array_get(ids, i), "certificate",
				      "zj-1", "certificate_to", "2027-01-01");

		if (has_leads && i % 9 == 7)
			json_object_set_new(o, "certificate_state",
					    json_string("revoked"));
		if (has_leads && i % 3 == 1)
			json_object_set_new(o, "lead", json_true());
		json_array_append_new(pool, o);
	}
	json_decref(ids);
	return pool;
}

/* Quotas of grades, by ratio where there is none; in one stratum where the
 * first is negative. */
static json_t *strata_of(json_t *paper, int format, const int64_t quota[GRADES])
{
	const json_t *frame = json_object_get(paper, "frame");
	json_t *strata = json_array(), *membership = json_array(), *lots;
	size_t n = json_array_size(frame), count = quota[0] < 0 ? 1 : GRADES;
	struct err err = { 0 };

	for (size_t i = 0; i < n; i++)
		json_array_append_new(membership,
				      json_integer((json_int_t)(i % count)));
	draw_lots(KEY, frame, membership, count, &lots, &err);
	for (size_t k = 0; k < count; k++) {
		char name[2] = { (char)('A' + k), 0 }, hash[65];
		size_t size = json_array_size(json_array_get(lots, k));
		int64_t want = quota[k] < 0 ? -quota[k] : quota[k];
		json_t *s =
			json_pack("{s:s, s:I, s:I}", "name", name, "n",
				  (json_int_t)want, "size", (json_int_t)size);

		if (format < 3 || count == 1)
			draw_hash_members(hash, frame, membership, k);
		else
			draw_hash_lines(hash, json_array_get(lots, k));
		json_object_set_new(s, "members_hash", json_string(hash));
		if (format == 3 && k == 1) {
			json_object_set_new(s, "ratio_bp", json_integer(1234));
			json_object_set_new(
				s, "expected_bp",
				json_integer(1234 * (json_int_t)size));
			json_object_set_new(
				s, "n", json_integer(draw_share(size, 1234)));
		}
		json_array_append_new(strata, s);
	}
	if (format == 3 && count > 1) {
		json_object_set(paper, "lots", lots);
		json_object_set_new(paper, "key", json_string(KEY));
	}
	if (format < 3 || count > 1)
		json_object_set(paper, "membership", membership);
	json_decref(membership);
	json_decref(lots);
	return strata;
}

#define COMMITTED_AT INT64_C(1795305600123) /* 2026-11-22 */

static void set_hash(json_t *o, const char *key, const json_t *value)
{
	struct err err = { 0 };
	char hash[65];

	assert_int_equal(draw_hash(hash, value, &err), RC_OK);
	json_object_set_new(o, key, json_string(hash));
}

static json_t *rules_of(const json_t *paper, int format)
{
	json_t *rules = json_pack("{s:s}", "day", "2026-11-22");

	set_hash(rules, "exclusions_hash", json_object_get(paper, "excluded"));
	if (format < 3) {
		json_object_set_new(rules, "load_limit",
				    json_string(DRAW_LOAD_LIMIT));
		return rules;
	}
	set_hash(rules, "recusals_hash", json_object_get(paper, "recusals"));
	json_object_set_new(rules, "states", json_pack("[s]", "in_business"));
	json_object_set_new(rules, "rounding", json_string(DRAW_ROUNDING));
	json_object_set_new(rules, "period_days", json_integer(365));
	return rules;
}

/* s1 is not checked by o0 and o2, s4 not by o1. */
static json_t *recusals_of(const json_t *frame, size_t officers)
{
	static const int pairs[][2] = { { 1, 0 }, { 1, 2 }, { 4, 1 } };
	json_t *recusals = json_array();

	for (size_t i = 0; i < 3 && officers > 4; i++) {
		char officer[33];

		snprintf(officer, sizeof(officer), "o%06d", pairs[i][1]);
		json_array_append_new(
			recusals,
			json_pack("{s:s, s:s, s:O}", "officer", officer,
				  "reason", "kin", "subject",
				  json_array_get(frame, (size_t)pairs[i][0])));
	}
	return recusals;
}

static json_t *paper_of(int format, size_t subjects, size_t officers,
			const int64_t quota[GRADES])
{
	json_t *frame = ids_of("s", subjects), *committed, *announced, *paper;
	json_t *pool = pool_of(officers, format == 3);
	char hash[65];

	paper = json_pack("{s:i, s:s, s:o, s:o, s:[]}", "format", format,
			  "state", "committed", "frame", frame, "pool", pool,
			  "excluded");
	if (format == 3)
		json_object_set_new(paper, "recusals",
				    recusals_of(frame, officers));
	draw_hash_lines(hash, frame);
	committed = json_pack(
		"{s:s, s:s, s:I, s:i, s:o, s:s, s:s, s:o}", "algorithm",
		format < 3 ? DRAW_ALGORITHM_1 : DRAW_ALGORITHM, "frame_hash",
		hash, "frame_size", (json_int_t)subjects,
		"officers_per_subject", 2, "rules", rules_of(paper, format),
		"scope", "330106", "seed_source", "抽签", "strata",
		strata_of(paper, format, quota));
	json_object_set_new(paper, "committed", committed);
	set_hash(committed, "pool_hash", pool);
	announced = json_pack("{s:s, s:I, s:s, s:s, s:s}", "id", "d1",
			      "committed_at", COMMITTED_AT, "name", "冬季",
			      "reason", "again", "replaces", "d0");
	if (format == 1) {
		json_object_set_new(paper, "algorithm",
				    json_string(DRAW_ALGORITHM_1));
		json_object_update(paper, announced);
	} else {
		json_object_set_new(committed, "format", json_integer(format));
		json_object_update(committed, announced);
	}
	if (json_object_get(paper, "key")) {
		draw_key_hash(hash, KEY);
		json_object_set_new(committed, "key_hash", json_string(hash));
	}
	json_decref(announced);
	set_hash(paper, "commitment", committed);
	return paper;
}

static json_t *paper_new(size_t subjects, size_t officers,
			 const int64_t quota[GRADES])
{
	return paper_of(DRAW_FORMAT, subjects, officers, quota);
}

/* An appended replacement: of the subject at a place of the pairs as they
 * stand, or of its first officer. */
static void paper_replace(json_t *paper, size_t at, bool of_officer)
{
	json_t *all = json_object_get(paper, "replacements"), *event = NULL;
	struct err err = { 0 };
	json_t *pairs = draw_pairs_now(paper, &err);
	json_t *pair = json_array_get(pairs, at);
	const char *subject = json_string_value(json_array_get(pair, 0));
	const char *officer = json_string_value(json_array_get(pair, 1));

	if (draw_replacement(paper, of_officer ? officer : subject,
			     of_officer ? subject : NULL, &event,
			     &err) != RC_OK)
		fail_msg("%s", err.text);
	json_object_set_new(event, "at", json_integer(COMMITTED_AT + 9));
	json_object_set_new(event, "reason", json_string("gone"));
	if (!all) {
		all = json_array();
		json_object_set_new(paper, "replacements", all);
	}
	json_array_append_new(all, event);
	json_decref(pairs);
}

static void paper_reveal(json_t *paper, const char *seed)
{
	json_object_set_new(paper, "seed", json_string(seed));
	json_object_set_new(paper, "revealed_at",
			    json_integer(COMMITTED_AT + 5));
	json_object_set_new(paper, "state", json_string("revealed"));
}

static void paper_run(json_t *paper, const char *seed)
{
	json_t *outcome = NULL;
	struct err err = { 0 };

	if (draw_outcome(paper, seed, &outcome, &err) != RC_OK)
		fail_msg("%s", err.text);
	paper_reveal(paper, seed);
	json_object_set_new(paper, "state", json_string("drawn"));
	json_object_update(paper, outcome);
	json_decref(outcome);
}

static void draw_order_is_the_published_vector(void **state)
{
	static const char *const want[] = {
		"91350100M000100Y43", "91330106MA2000211Y",
		"91110000802100433B", "91330106MA20003340",
		"91330100799655058B",
	};
	static const char *const ids[] = {
		"91110000802100433B", "91330100799655058B",
		"91330106MA2000211Y", "91330106MA20003340",
		"91350100M000100Y43",
	};
	struct err err = { 0 };
	uint32_t *order;

	(void)state;
	assert_int_equal(draw_order("zj-demo-seed-0001", ids, 5, &order, &err),
			 RC_OK);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(ids[order[i]], want[i]);
	free(order);
}

static void whole_ticket(const char *seed, const char *id,
			 unsigned char out[SHA256_BYTES])
{
	char text[200];
	int n = snprintf(text, sizeof(text), "%s\x1f%s", seed, id);

	sha256(out, text, (size_t)n);
}

/* Sizes on both sides of each change of method. */
static void draw_order_is_by_whole_tickets_at_every_size(void **state)
{
	static const size_t sizes[] = { 0,   1,     2,     48,    49,
					500, 16384, 16385, 100003 };

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		size_t n = sizes[s];
		json_t *frame = ids_of("s", n);
		const char **ids = malloc((n + 1) * sizeof(*ids));
		unsigned char before[SHA256_BYTES] = { 0 }, now[SHA256_BYTES];
		struct err err = { 0 };
		uint32_t *order;

		for (size_t i = 0; i < n; i++)
			ids[i] = json_string_value(json_array_get(frame, i));
		assert_int_equal(draw_order("seed", ids, n, &order, &err),
				 RC_OK);
		for (size_t i = 0; i < n; i++) {
			whole_ticket("seed", ids[order[i]], now);
			assert_true(memcmp(before, now, SHA256_BYTES) < 0);
			memcpy(before, now, SHA256_BYTES);
		}
		free(order);
		free(ids);
		json_decref(frame);
	}
}

/* A ticket of one block, of two, and of ids of both kinds in turn. */
static void draw_order_is_by_whole_tickets_at_every_length(void **state)
{
	(void)state;
	for (size_t len = 20; len < 60; len++) {
		json_t *frame = json_array();
		const char *ids[100];
		char seed[64] = "", id[33];
		unsigned char before[SHA256_BYTES] = { 0 }, now[SHA256_BYTES];
		struct err err = { 0 };
		uint32_t *order;

		memset(seed, 's', len);
		for (int i = 0; i < 100; i++) {
			snprintf(id, sizeof(id), "%0*d", 3 + i * 7 % 30, i);
			json_array_append_new(frame, json_string(id));
			ids[i] = json_string_value(
				json_array_get(frame, (size_t)i));
		}
		assert_int_equal(draw_order(seed, ids, 100, &order, &err),
				 RC_OK);
		for (size_t i = 0; i < 100; i++) {
			whole_ticket(seed, ids[order[i]], now);
			assert_true(memcmp(before, now, SHA256_BYTES) < 0);
			memcpy(before, now, SHA256_BYTES);
		}
		free(order);
		json_decref(frame);
	}
}

static void draw_order_refuses_what_it_cannot_order(void **state)
{
	const char **same = malloc(20000 * sizeof(*same));
	char seed[DRAW_SEED_MAX + 2];
	struct err err = { 0 };
	uint32_t *order;

	(void)state;
	for (size_t i = 0; i < 20000; i++)
		same[i] = "a";
	assert_int_equal(draw_order("seed", same, 20000, &order, &err),
			 RC_INVALID);
	assert_null(order);
	err_clear(&err);
	memset(seed, 's', sizeof(seed));
	seed[DRAW_SEED_MAX + 1] = '\0';
	assert_int_equal(draw_order(seed, same, 1, &order, &err), RC_INVALID);
	free(same);
}

/* Runs docs/verify_draw.py on the papers of a folder; answers its exit code. */
static int python_says(const char *folder, char *said, size_t room)
{
	char command[200];
	size_t n;
	FILE *p;

	snprintf(command, sizeof(command), "python3 docs/verify_draw.py %s/*",
		 folder);
	p = popen(command, "r");
	assert_non_null(p);
	n = fread(said, 1, room - 1, p);
	said[n] = '\0';
	return pclose(p);
}

static void paper_write(const json_t *paper, const char *folder, int i)
{
	struct err err = { 0 };
	char path[80];

	snprintf(path, sizeof(path), "%s/%03d.json", folder, i);
	assert_int_equal(draw_file_write(path, paper, &err), RC_OK);
}

/* As it is: canonical bytes have no reals and no nulls. */
static void paper_dump(const json_t *paper, const char *folder, size_t i)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/%06zu", folder, i);
	assert_int_equal(json_dump_file(paper, path, JSON_COMPACT), 0);
}

static void folder_drop(const char *folder)
{
	char command[80];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	assert_int_equal(system(command), 0);
}

#define SEEDS 200

static void both_verifiers_agree_with_every_draw(void **state)
{
	static const int64_t quotas[2][GRADES] = { { 5, 10, 40 }, { -55 } };
	static char said[SEEDS * 240], want[SEEDS * 240];
	char folder[] = "/tmp/hufu-draw-XXXXXX";
	size_t at = 0;

	(void)state;
	assert_non_null(mkdtemp(folder));
	for (int i = 0; i < SEEDS; i++) {
		json_t *paper = paper_new(151 + (size_t)i, 4 + (size_t)i % 30,
					  quotas[i % 2]);
		struct err err = { 0 };
		char seed[40], not_covered[DRAW_OPEN_SIZE];

		snprintf(seed, sizeof(seed), "种子-%d", i);
		paper_run(paper, seed);
		for (int k = 0; k < i % 4; k++)
			paper_replace(paper, (size_t)(i + k) % 7, k % 2);
		if (i % 3 == 0)
			draw_make_public(paper);
		if (draw_verify(paper, &err) != RC_OK)
			fail_msg("%s", err.text);
		paper_write(paper, folder, i);
		draw_not_covered(paper, not_covered);
		at += (size_t)snprintf(
			want + at, sizeof(want) - at,
			"draw d1 verified: %zu of %d subjects%.*s%s\n  not "
			"covered by the commitment: %s; compare with what was "
			"announced\n",
			json_array_size(json_object_get(paper, "result")),
			151 + i, i % 4 ? 12 : 0,
			i % 4 == 1   ? ", 1 replaced"
			: i % 4 == 2 ? ", 2 replaced"
				     : ", 3 replaced",
			i % 3 == 0 && i % 2 == 0 ? ", lots without names" : "",
			not_covered);
		json_decref(paper);
	}
	assert_int_equal(python_says(folder, said, sizeof(said)), 0);
	assert_string_equal(said, want);
	folder_drop(folder);
}

/* Each changes one thing of a drawn paper. */
typedef void change_fn(json_t *paper);

static void change_frame(json_t *paper)
{
	json_array_set_new(json_object_get(paper, "frame"), 100,
			   json_string("s000099x"));
}
static void change_membership(json_t *paper)
{
	json_array_set_new(json_object_get(paper, "membership"), 0,
			   json_integer(1));
	json_array_set_new(json_object_get(paper, "membership"), 1,
			   json_integer(0));
}
static void change_pool(json_t *paper)
{
	json_object_set_new(json_array_get(json_object_get(paper, "pool"), 2),
			    "certificate_to", json_string("2026-01-01"));
}
static void change_quota(json_t *paper)
{
	json_t *strata =
		json_object_get(json_object_get(paper, "committed"), "strata");

	json_object_set_new(json_array_get(strata, 0), "n", json_integer(6));
}
static void change_excluded(json_t *paper)
{
	json_array_append_new(
		json_object_get(paper, "excluded"),
		json_pack("{s:s, s:s}", "id", "s9", "reason", "moved"));
}
static void change_seed(json_t *paper)
{
	json_object_set_new(paper, "seed", json_string("other"));
}
static void change_result(json_t *paper)
{
	json_array_remove(json_object_get(paper, "result"), 57);
}
static void change_reserve(json_t *paper)
{
	json_t *list = json_array_get(json_object_get(paper, "reserve"), 1);

	json_array_append(list, json_array_get(list, 0));
	json_array_remove(list, 0);
}
static void change_pair(json_t *paper)
{
	json_t *pair = json_array_get(json_object_get(paper, "pairs"), 7);

	json_array_append(pair, json_array_get(pair, 1));
	json_array_remove(pair, 1);
}
static void change_result_hash(json_t *paper)
{
	json_object_set(paper, "result_hash",
			json_object_get(paper, "commitment"));
}

static void both_verifiers_name_whatever_was_changed(void **state)
{
	static const struct {
		change_fn *change;
		const char *says;
	} changes[] = {
		{ change_frame, "frame_hash" },
		{ change_membership, "lots" },
		{ change_pool, "pool_hash" },
		{ change_quota, "commitment" },
		{ change_excluded, "exclusions_hash" },
		{ change_seed, "drawn 1 1" },
		{ change_result, "result 58" },
		{ change_reserve, "reserve 2 1" },
		{ change_pair, "pairs 8 2" },
		{ change_result_hash, "result_hash" },
	};
	static const int64_t quota[GRADES] = { 5, 10, 40 };

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		json_t *paper = paper_new(300, 20, quota);
		char folder[] = "/tmp/hufu-draw-XXXXXX", said[400];
		struct err err = { 0 };

		assert_non_null(mkdtemp(folder));
		paper_run(paper, "seed");
		changes[i].change(paper);
		paper_write(paper, folder, 0);
		assert_int_equal(draw_verify(paper, &err), RC_CORRUPT);
		if (!strstr(err.text, changes[i].says))
			fail_msg("%s: %s", changes[i].says, err.text);
		assert_int_not_equal(python_says(folder, said, sizeof(said)),
				     0);
		folder_drop(folder);
		if (!strstr(said, changes[i].says))
			fail_msg("%s: %s", changes[i].says, said);
		json_decref(paper);
	}
}

/* -- each member in turn -- */

struct change {
	size_t nth; /* of this walk */
	char where[200];
};

static bool is_nth(struct change *c, const char *where, const char *how)
{
	if (c->nth-- != 0)
		return false;
	snprintf(c->where, sizeof(c->where), "%s %s", where, how);
	return true;
}

/* Another value of the same form where it has one. */
static json_t *other_value(const json_t *value)
{
	char text[200];
	size_t n;

	if (json_is_integer(value))
		return json_integer(json_integer_value(value) + 1);
	if (!json_is_string(value))
		return json_string("x");
	n = (size_t)snprintf(text, sizeof(text), "%s",
			     json_string_value(value));
	text[n - 1] = text[n - 1] == 'a' ? 'b' : 'a';
	return json_string(text);
}

static json_t *form_value(int form)
{
	return form == 0   ? json_null()
	       : form == 1 ? json_real(1.5)
	       : form == 2 ? json_true()
	       : form == 3 ? json_integer(-1)
	       : form == 4 ? json_string("")
			   : json_array();
}

/* Make the nth change that can be made; false when there are fewer. */
static bool change_nth(json_t *in, const char *at, struct change *c);

static bool change_child(json_t *in, const char *key, size_t i, json_t *child,
			 const char *at, struct change *c)
{
	static const char *const forms[] = { "null", "real", "true",
					     "-1",   "\"\"", "[]" };
	json_t *to = NULL;

	if (is_nth(c, at, "removed")) {
		if (key)
			json_object_del(in, key);
		else
			json_array_remove(in, i);
		return true;
	}
	if (is_nth(c, at, "other"))
		to = other_value(child);
	for (int k = 0; !to && k < 6; k++)
		if (!(k == 5 && json_is_array(child)) &&
		    !(k == 2 && json_is_true(child)) && is_nth(c, at, forms[k]))
			to = form_value(k);
	if (!to)
		return change_nth(child, at, c);
	if (key)
		json_object_set_new(in, key, to);
	else
		json_array_set_new(in, i, to);
	return true;
}

static bool change_nth(json_t *in, const char *at, struct change *c)
{
	char path[160];
	const char *key;
	json_t *child;
	size_t i;

	if (json_is_object(in) && is_nth(c, at, "has one more")) {
		json_object_set_new(in, "zz", json_string("x"));
		return true;
	}
	json_object_foreach(in, key, child)
	{
		snprintf(path, sizeof(path), "%.100s/%s", at, key);
		if (change_child(in, key, 0, child, path, c))
			return true;
	}
	json_array_foreach(in, i, child)
	{
		snprintf(path, sizeof(path), "%.100s/%zu", at, i);
		if (i < 3 && change_child(in, NULL, i, child, path, c))
			return true;
	}
	return false;
}

/* Whether, when and why something was replaced. */
static bool is_of_replacements(const char *where)
{
	static const char *const ends[] = {
		"/at other",  "/reason other",         "/0 removed",
		"/1 removed", "/replacements removed", "/replacements []"
	};
	size_t n = strlen(where);

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		size_t m = strlen(ends[i]);

		if (!strncmp(where, "/replacements", 13) && n >= m &&
		    !strcmp(where + n - m, ends[i]))
			return true;
	}
	return false;
}

/* What nobody can know from a paper alone. */
static bool is_unknowable(int format, const char *state, const char *where)
{
	static const char *const of_1[] = {
		"/committed_at other", "/id other",    "/name removed",
		"/name other",         "/name \"\"",   "/reason removed",
		"/reason other",       "/reason \"\"", "/replaces removed",
		"/replaces other",
	};

	if (!strcmp(where, "/revealed_at other") || is_of_replacements(where))
		return true;
	if (!strcmp(state, "revealed") && !strcmp(where, "/seed other"))
		return true;
	if (!strcmp(state, "void") && !strncmp(where, "/void_reason", 12))
		return true;
	for (size_t i = 0; format == 1 && i < sizeof(of_1) / sizeof(*of_1); i++)
		if (!strcmp(where, of_1[i]))
			return true;
	return false;
}

#define CHANGES_MAX 12000

struct verdicts {
	char folder[32];
	bool accepts[CHANGES_MAX];
	char where[CHANGES_MAX][100];
	size_t n;
};

static void changes_judge(struct verdicts *v, const json_t *paper, int format,
			  const char *state)
{
	for (size_t nth = 0;; nth++) {
		json_t *changed = json_deep_copy(paper);
		struct change c = { .nth = nth };
		struct err err = { 0 };
		bool made = change_nth(changed, "", &c);

		if (made) {
			assert_true(v->n < CHANGES_MAX);
			v->accepts[v->n] = draw_verify(changed, &err) == RC_OK;
			snprintf(v->where[v->n], sizeof(v->where[0]),
				 "%d %s %.70s", format, state, c.where);
			if (v->accepts[v->n] &&
			    !is_unknowable(format, state, c.where))
				fail_msg("accepted: %s", v->where[v->n]);
			paper_dump(changed, v->folder, v->n++);
		}
		json_decref(changed);
		if (!made)
			return;
	}
}

/* The Python says a line of each paper, in the order of their names. */
static void python_agrees(const struct verdicts *v)
{
	char command[200], line[600];
	size_t i = 0;
	FILE *p;

	snprintf(command, sizeof(command), "python3 docs/verify_draw.py %s/*",
		 v->folder);
	p = popen(command, "r");
	assert_non_null(p);
	for (; fgets(line, sizeof(line), p); i++) {
		assert_true(i < v->n);
		if (!strncmp(line, "draw ", 5) != v->accepts[i])
			fail_msg("%s: Python says %s", v->where[i], line);
	}
	pclose(p);
	assert_int_equal(i, v->n);
}

/* A paper of each format in each state; format 4 stands for a public paper of
 * format 3, 5 for one without grades. */
static void states_judge(struct verdicts *v, int variant)
{
	static const char *const states[] = { "committed", "revealed", "drawn",
					      "void" };
	static const int64_t quotas[2][GRADES] = { { 1, 1, 2 }, { -4 } };
	int format = variant > 3 ? 3 : variant;

	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		json_t *paper = paper_of(format, 12, 5, quotas[variant == 5]);
		struct err err = { 0 };

		if (i == 1)
			paper_reveal(paper, "seed");
		if (i == 2)
			paper_run(paper, "seed");
		if (i == 2 && format == 3) {
			paper_replace(paper, 0, false);
			paper_replace(paper, 1, true);
		}
		if (i == 3 && format > 1)
			json_object_set_new(paper, "void_reason",
					    json_string("x"));
		json_object_set_new(paper, "state", json_string(states[i]));
		if (variant == 4)
			draw_make_public(paper);
		if (draw_verify(paper, &err) != RC_OK)
			fail_msg("%s", err.text);
		changes_judge(v, paper, format, states[i]);
		json_decref(paper);
	}
}

static void both_verifiers_refuse_a_change_of_any_member(void **state)
{
	struct verdicts *v = calloc(1, sizeof(*v));

	(void)state;
	snprintf(v->folder, sizeof(v->folder), "/tmp/hufu-draw-XXXXXX");
	assert_non_null(mkdtemp(v->folder));
	for (int variant = 1; variant <= 5; variant++)
		states_judge(v, variant);
	python_agrees(v);
	folder_drop(v->folder);
	free(v);
}

/* What a parser may let through, or read as another value. */
static void both_verifiers_refuse_what_is_no_paper(void **state)
{
	static const char *const texts[] = {
		"",
		"[]",
		"1",
		"null",
		"{}",
		"{\"format\":3}",
		"{\"format\":2}",
		"{\"format\":1,\"format\":1}",
		"{\"format\":2.0}",
		"{\"format\":true}",
		"{\"format\":NaN}",
		"\xef\xbb\xbf{\"format\":2}",
		"{\"format\":2}x",
	};
	char folder[] = "/tmp/hufu-draw-XXXXXX", said[4000];

	(void)state;
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		json_t *paper = NULL;
		struct err err = { 0 };
		char path[80];
		FILE *f;

		snprintf(path, sizeof(path), "%s/%zu", folder, i);
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(texts[i], f);
		fclose(f);
		if (draw_file_read(path, &paper, &err) == RC_OK &&
		    draw_verify(paper, &err) == RC_OK)
			fail_msg("accepted: %s", texts[i]);
		json_decref(paper);
	}
	assert_int_not_equal(python_says(folder, said, sizeof(said)), 0);
	assert_int_not_equal(strncmp(said, "draw ", 5), 0);
	assert_null(strstr(said, "\ndraw "));
	folder_drop(folder);
}

static json_t *vectors_of(const char *path)
{
	json_t *all = json_load_file(path, 0, NULL);

	assert_non_null(all);
	return all;
}

static void papers_are_judged_as_their_vectors_say(void **state)
{
	json_t *all = vectors_of("fixtures/vectors/draw.json"), *one;
	size_t i, n = 0;

	(void)state;
	json_array_foreach(json_object_get(all, "cases"), i, one)
	{
		const json_t *want = json_object_get(one, "want");
		const json_t *paper =
			json_object_get(json_object_get(one, "given"), "paper");
		bool refused = json_object_get(want, "refused");
		struct err err = { 0 };
		enum rc rc;

		if (strcmp(json_text(one, "kind"), "paper") != 0)
			continue;
		n++;
		rc = draw_verify(paper, &err);
		if (rc != (refused ? RC_CORRUPT : RC_OK))
			fail_msg("%s: %s", json_text(one, "name"), err.text);
		if (!refused)
			assert_string_equal(json_text(paper, "commitment"),
					    json_text(want, "commitment"));
	}
	assert_true(n > 5);
	json_decref(all);
}

#define ROUNDS 2000

struct chances {
	int seen[120], served[20], pairs[20][20];
};

static int number_of(const json_t *id)
{
	return (int)strtol(json_string_value(id) + 1, NULL, 10);
}

/* No officer differs from another. */
static void officers_level(json_t *paper)
{
	size_t i;
	json_t *officer;

	json_object_set_new(paper, "recusals", json_array());
	json_array_foreach(json_object_get(paper, "pool"), i, officer)
	{
		json_object_del(officer, "lead");
		json_object_del(officer, "certificate_state");
	}
}

/* 10 of 120 subjects, two of 20 officers each, for ROUNDS seeds. */
static void chances_count(struct chances *c)
{
	static const int64_t quota[GRADES] = { -10 };
	json_t *paper = paper_new(120, 20, quota);
	size_t k;
	json_t *pair;

	officers_level(paper);
	for (int round = 0; round < ROUNDS; round++) {
		char seed[20];

		snprintf(seed, sizeof(seed), "chance-%d", round);
		paper_run(paper, seed);
		json_array_foreach(json_object_get(paper, "pairs"), k, pair)
		{
			int a = number_of(json_array_get(pair, 1));
			int b = number_of(json_array_get(pair, 2));

			c->seen[number_of(json_array_get(pair, 0))]++;
			c->served[a]++;
			c->served[b]++;
			c->pairs[a < b ? a : b][a < b ? b : a]++;
		}
	}
	json_decref(paper);
}

static double chi_square(const int *seen, size_t n, double want)
{
	double chi = 0;

	for (size_t i = 0; i < n; i++)
		chi += (seen[i] - want) * (seen[i] - want) / want;
	return chi;
}

/* The statistic of 119 degrees of freedom, scaled for drawing without
 * replacement, stays below the value that one fair draw in 100,000 exceeds
 * (193), and that of the 190 pairs of officers, 189 degrees, below its (281).
 * Seeds are fixed, so the test answers the same for ever. */
static void every_subject_and_pair_has_the_same_chance(void **state)
{
	struct chances c = { 0 };
	int pairs[190];
	size_t n = 0;

	(void)state;
	chances_count(&c);
	assert_true(chi_square(c.seen, 120, ROUNDS * 10.0 / 120) * 119 / 110 <
		    193);
	/* Ten subjects take all twenty officers once. */
	for (size_t i = 0; i < 20; i++)
		assert_int_equal(c.served[i], ROUNDS);
	for (size_t a = 0; a < 20; a++)
		for (size_t b = a + 1; b < 20; b++)
			pairs[n++] = c.pairs[a][b];
	assert_int_equal(n, 190);
	for (size_t i = 0; i < n; i++)
		assert_true(pairs[i] > 0);
	assert_true(chi_square(pairs, n, ROUNDS * 10.0 / 190) < 281);
}

/* In each stratum of a draw by grade too. */
static void every_member_of_a_grade_has_the_same_chance(void **state)
{
	static const int64_t quota[GRADES] = { 10, 0, 1 };
	json_t *paper = paper_new(120, 6, quota);
	int seen[120] = { 0 }, first[40];
	struct err err = { 0 };
	size_t i;
	json_t *id;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		json_t *outcome;
		char seed[20];

		snprintf(seed, sizeof(seed), "grade-%d", round);
		assert_int_equal(draw_outcome(paper, seed, &outcome, &err),
				 RC_OK);
		json_array_foreach(json_object_get(outcome, "result"), i, id)
			seen[number_of(id)]++;
		json_decref(outcome);
	}
	for (i = 0; i < 40; i++)
		first[i] = seen[i * GRADES];
	/* 39 degrees of freedom: 86 */
	assert_true(chi_square(first, 40, ROUNDS * 10.0 / 40) * 39 / 30 < 86);
	json_decref(paper);
}

static void loads_differ_by_one_where_nobody_is_recused(void **state)
{
	static const int64_t quota[GRADES] = { -300 };

	(void)state;
	for (size_t officers = 2; officers < 12; officers++) {
		json_t *paper = paper_new(300, officers, quota), *pairs;
		int64_t load[12] = { 0 }, least = 600, most = 0;
		size_t i;
		json_t *pair;

		officers_level(paper);
		paper_run(paper, "load");
		pairs = json_object_get(paper, "pairs");
		assert_int_equal(json_array_size(pairs), 300);
		json_array_foreach(pairs, i, pair)
		{
			assert_int_equal(json_array_size(pair), 3);
			assert_false(json_equal(json_array_get(pair, 1),
						json_array_get(pair, 2)));
			for (size_t o = 1; o <= 2; o++)
				load[number_of(json_array_get(pair, o))]++;
		}
		for (size_t o = 0; o < officers; o++) {
			least = load[o] < least ? load[o] : least;
			most = load[o] > most ? load[o] : most;
		}
		assert_true(most - least <= 1);
		json_decref(paper);
	}
}

static void only_those_with_a_valid_certificate_are_candidates(void **state)
{
	static const struct {
		const char *officer, *why;
	} cases[] = {
		{ "{\"id\":\"a\",\"certificate\":\"1\"}", NULL },
		{ "{\"id\":\"a\",\"certificate_to\":\"2026-11-22\"}", NULL },
		{ "{\"id\":\"a\"}", "no certificate" },
		{ "{\"id\":\"a\",\"certificate_to\":\"2026-11-21\"}",
		  "certificate expired" },
		{ "{\"id\":\"a\",\"certificate\":\"1\","
		  "\"certificate_from\":\"2026-11-23\"}",
		  "certificate not valid yet" },
		{ "{\"id\":\"a\",\"certificate\":\"1\","
		  "\"certificate_state\":\"suspended\"}",
		  "certificate not in force" },
		{ "{\"id\":\"a\",\"certificate\":\"1\",\"state\":\"leave\"}",
		  "not active" },
		{ "{\"id\":\"a\",\"certificate\":\"1\",\"state\":\"active\"}",
		  NULL },
		{ "{\"id\":\"a\",\"certificate\":\"1\",\"excluded\":\"kin\"}",
		  "kin" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err err = { 0 };
		json_t *officer;
		const char *why;

		assert_int_equal(json_read(cases[i].officer,
					   strlen(cases[i].officer), &officer,
					   &err),
				 RC_OK);
		why = draw_officer_refused(officer, "2026-11-22");
		if (cases[i].why)
			assert_string_equal(why, cases[i].why);
		else
			assert_null(why);
		json_decref(officer);
	}
}

static void a_paper_goes_through_a_file_unchanged(void **state)
{
	static const int64_t quota[GRADES] = { 1, 1, 1 };
	json_t *paper = paper_new(30, 4, quota), *back = NULL;
	char path[] = "/tmp/hufu-paper-XXXXXX";
	struct err err = { 0 };

	(void)state;
	close(mkstemp(path));
	paper_run(paper, "s");
	assert_int_equal(draw_file_write(path, paper, &err), RC_OK);
	assert_int_equal(draw_file_read(path, &back, &err), RC_OK);
	assert_true(json_equal(paper, back));
	json_decref(back);
	unlink(path);
	assert_int_equal(draw_file_read(path, &back, &err), RC_NOT_FOUND);
	assert_null(back);
	json_decref(paper);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draw_order_is_the_published_vector),
		cmocka_unit_test(draw_order_is_by_whole_tickets_at_every_size),
		cmocka_unit_test(
			draw_order_is_by_whole_tickets_at_every_length),
		cmocka_unit_test(draw_order_refuses_what_it_cannot_order),
		cmocka_unit_test(both_verifiers_agree_with_every_draw),
		cmocka_unit_test(both_verifiers_name_whatever_was_changed),
		cmocka_unit_test(both_verifiers_refuse_a_change_of_any_member),
		cmocka_unit_test(both_verifiers_refuse_what_is_no_paper),
		cmocka_unit_test(papers_are_judged_as_their_vectors_say),
		cmocka_unit_test(every_subject_and_pair_has_the_same_chance),
		cmocka_unit_test(every_member_of_a_grade_has_the_same_chance),
		cmocka_unit_test(loads_differ_by_one_where_nobody_is_recused),
		cmocka_unit_test(
			only_those_with_a_valid_certificate_are_candidates),
		cmocka_unit_test(a_paper_goes_through_a_file_unchanged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
