/* unit/test_domain_paper_harness.h - papers of draws made up: frames, pools,
 * strata, recusals, in each format, committed, revealed and run. */
#ifndef UNIT_TEST_DOMAIN_PAPER_HARNESS_H
#define UNIT_TEST_DOMAIN_PAPER_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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

static inline json_t *ids_of(const char *prefix, size_t n)
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

/* Since format 4 an officer has a number of his own, its term and a state; some
 * are here who lack one of these, and two who share a number. */
static inline void officer_certify(json_t *o, size_t i)
{
	char number[32];

	snprintf(number, sizeof(number), "zj-%zu", i % 13 == 12 ? i - 1 : i);
	json_object_set_new(o, "certificate", json_string(number));
	json_object_set_new(o, "state", json_string("active"));
	json_object_set_new(o, "certificate_from", json_string("2020-01-01"));
	if (!json_object_get(o, "certificate_state"))
		json_object_set_new(o, "certificate_state",
				    json_string("valid"));
	if (i % 11 == 9)
		json_object_del(o, "certificate_from");
	if (i % 11 == 10)
		json_object_set_new(o, "certificate_to",
				    json_string("2026-12-30"));
	if (i % 17 == 16)
		json_object_del(o, "state");
}

static inline json_t *pool_of(size_t n, int format)
{
	bool has_leads = format >= 3;
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
		if (format >= 4)
			officer_certify(o, i);
		json_array_append_new(pool, o);
	}
	json_decref(ids);
	return pool;
}

/* Quotas of grades, by ratio where there is none; in one stratum where the
 * first is negative. */
static inline json_t *strata_of(json_t *paper, int format,
				const int64_t quota[GRADES])
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
		if (format >= 3 && k == 1) {
			json_object_set_new(s, "ratio_bp", json_integer(1234));
			json_object_set_new(
				s, "expected_bp",
				json_integer(1234 * (json_int_t)size));
			json_object_set_new(
				s, "n", json_integer(draw_share(size, 1234)));
		}
		json_array_append_new(strata, s);
	}
	if (format >= 3 && count > 1) {
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

static inline void set_hash(json_t *o, const char *key, const json_t *value)
{
	struct err err = { 0 };
	char hash[65];

	assert_int_equal(draw_hash(hash, value, &err), RC_OK);
	json_object_set_new(o, key, json_string(hash));
}

static inline json_t *rules_of(const json_t *paper, int format)
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
	if (format >= 4) {
		json_object_set_new(rules, "due", json_string("2026-12-31"));
		set_hash(rules, "reasons_hash",
			 json_object_get(paper, "reasons"));
	}
	return rules;
}

/* The reasons of format 4 apart: the recusals keep who and whom. */
static inline void reasons_apart(json_t *paper)
{
	json_t *recusals = json_object_get(paper, "recusals"), *one;
	size_t i;

	json_object_set_new(paper, "reasons",
			    json_pack("{s:[], s:o, s:s}", "officers",
				      "recusals", json_deep_copy(recusals),
				      "salt", KEY));
	json_array_foreach(recusals, i, one) json_object_del(one, "reason");
}

/* s1 is not checked by o0 and o2, s4 not by o1. */
static inline json_t *recusals_of(const json_t *frame, size_t officers)
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

static inline json_t *paper_of(int format, size_t subjects, size_t officers,
			       const int64_t quota[GRADES])
{
	json_t *frame = ids_of("s", subjects), *committed, *announced, *paper;
	json_t *pool = pool_of(officers, format);
	char hash[65];

	paper = json_pack("{s:i, s:s, s:o, s:o, s:[]}", "format", format,
			  "state", "committed", "frame", frame, "pool", pool,
			  "excluded");
	if (format >= 3)
		json_object_set_new(paper, "recusals",
				    recusals_of(frame, officers));
	if (format >= 4)
		reasons_apart(paper);
	draw_hash_lines(hash, frame);
	committed = json_pack(
		"{s:s, s:s, s:I, s:i, s:o, s:s, s:s, s:o}", "algorithm",
		format < 3    ? DRAW_ALGORITHM_1
		: format == 3 ? DRAW_ALGORITHM_3
			      : DRAW_ALGORITHM,
		"frame_hash", hash, "frame_size", (json_int_t)subjects,
		"officers_per_subject", 2, "rules", rules_of(paper, format),
		"scope", "330106", "seed_source", "抽签", "strata",
		strata_of(paper, format, quota));
	json_object_set_new(paper, "committed", committed);
	if (format >= 4)
		json_object_set_new(committed, "seed_at",
				    json_string("2026-11-22T00:00:00.127Z"));
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

static inline json_t *paper_new(size_t subjects, size_t officers,
				const int64_t quota[GRADES])
{
	return paper_of(DRAW_FORMAT, subjects, officers, quota);
}

/* An appended replacement: of the subject at a place of the pairs as they
 * stand, or of its first officer. */
static inline void paper_replace(json_t *paper, size_t at, bool of_officer)
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

static inline void paper_reveal(json_t *paper, const char *seed)
{
	json_object_set_new(paper, "seed", json_string(seed));
	json_object_set_new(paper, "revealed_at",
			    json_integer(COMMITTED_AT + 5));
	json_object_set_new(paper, "state", json_string("revealed"));
}

static inline void paper_run(json_t *paper, const char *seed)
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

#endif
