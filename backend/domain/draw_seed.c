/* domain/draw_seed.c - where a seed comes from: was it known before, and who
 * could choose it? */
#include "domain/draw_impl.h"

#include "base/date.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "domain/draw_shape.h"
#include "sql_store.gen.h"

#define DAY_MS INT64_C(86400000)

/* An earlier commitment could be drawn from the same source; one that came
 * after the seed was known is no draw, for its result could be looked up. */
struct knew {
	char scope[33], id[33];
};

static enum rc who_knew(struct op *op, const char *id, const char *seed,
			int64_t committed_at, struct knew *out)
{
	struct query *q = query_begin(op->store->db, SQL_DRAW_SEED_KNOWN);

	memset(out, 0, sizeof(*out));
	query_text(q, 1, seed);
	query_text(q, 2, id);
	query_int(q, 3, committed_at);
	if (query_row(q)) {
		snprintf(out->scope, sizeof(out->scope), "%s",
			 query_get_text(q, 0));
		snprintf(out->id, sizeof(out->id), "%s", query_get_text(q, 1));
	}
	return query_end(q, op->err);
}

/* Begins with a character that nobody sees? Spaces of ASCII, Latin-1, general
 * punctuation and CJK, and the marks of no width. */
static bool begins_blank(const char *text)
{
	static const char *const blanks[] = {
		" ",
		"\xC2\xA0",
		"\xE1\x9A\x80",
		"\xE2\x80\xAF",
		"\xE2\x81\x9F",
		"\xE3\x80\x80",
		"\xEF\xBB\xBF",
		"\xE2\x80\xA8",
		"\xE2\x80\xA9",
	};

	for (size_t i = 0; i < sizeof(blanks) / sizeof(*blanks); i++)
		if (!strncmp(text, blanks[i], strlen(blanks[i])))
			return true;
	/* U+2000 to U+200F */
	return !strncmp(text, "\xE2\x80", 2) &&
	       (unsigned char)text[2] >= 0x80 && (unsigned char)text[2] <= 0x8F;
}

static bool is_blank(const char *text)
{
	while (*text && begins_blank(text)) {
		text++;
		while (((unsigned char)*text & 0xC0) == 0x80)
			text++;
	}
	return !*text;
}

/* A space at its begin or end, or one that only looks like one. */
static bool has_blank_end(const char *seed)
{
	const char *last = seed + strlen(seed) - 1;

	while (last > seed && ((unsigned char)*last & 0xC0) == 0x80)
		last--;
	return begins_blank(seed) || begins_blank(last);
}

enum rc draw_seed_words(struct op *op, const struct draw_options *o,
			char at[25])
{
	bool has_source = o->seed_source && !is_blank(o->seed_source) &&
			  strcmp(o->seed_source, DRAW_SEED_NO_SOURCE) != 0;
	int64_t ms = 0, begins;
	char day[11];

	*at = '\0';
	date_format(day, op->now_ms / DAY_MS);
	if (!o->seed_parts && !has_source)
		return err_set(
			op->err, RC_INVALID,
			"nobody could tell where the seed comes from: "
			"name its source and the day on which it will "
			"be known, or three people who each give a part");
	if (!o->seed_at)
		return o->seed_parts
			       ? RC_OK
			       : err_set(op->err, RC_INVALID,
					 "say when '%.60s' will be known: a "
					 "day like 2026-12-31, or an hour like "
					 "2026-12-31T20:30:00+08:00",
					 o->seed_source);
	if (!name_is_date(o->seed_at) && !time_parse(o->seed_at, &ms))
		return err_set(op->err, RC_INVALID,
			       "'%.40s' is neither a day like 2026-12-31 nor "
			       "an hour like 2026-12-31T20:30:00+08:00",
			       o->seed_at);
	if (ms)
		time_format(at, ms);
	else
		snprintf(at, 25, "%.10s", o->seed_at);
	if (draw_moment(at, &begins) &&
	    (ms ? ms > op->now_ms : strcmp(at, day) >= 0))
		return RC_OK;
	return err_set(op->err, RC_INVALID,
		       "the seed would be of %s, which is over: announce one "
		       "that does not exist yet",
		       at);
}

/* Nobody can reveal what does not exist yet. */
static enum rc is_known_by_now(struct op *op, const char *id,
			       const json_t *record)
{
	const char *at = json_text(record, "seed_at");
	int64_t ms = 0;

	if (!at || !draw_moment(at, &ms) || ms <= op->now_ms)
		return RC_OK;
	return err_set(op->err, RC_CONFLICT,
		       "draw '%s' has announced that its seed will be known on "
		       "%s: reveal it then",
		       id, at);
}

enum rc draw_seed_is_new(struct op *op, const char *id, const json_t *record,
			 const char *seed)
{
	struct knew knew;
	enum rc rc;

	if (has_blank_end(seed))
		return err_set(op->err, RC_INVALID,
			       "a seed neither begins nor ends with a space: "
			       "give it as it was published");
	rc = is_known_by_now(op, id, record);
	if (rc != RC_OK)
		return rc;
	rc = who_knew(op, id, seed, json_int(record, "committed_at", 0), &knew);
	if (rc != RC_OK || !*knew.id)
		return rc;
	return err_set(op->err, RC_CONFLICT,
		       "this seed was known before draw '%s' was committed: "
		       "draw '%s' of scope '%s' revealed it; take one that "
		       "did not exist at the commitment",
		       id, knew.id, knew.scope);
}

bool draw_seed_is_anybodys(const json_t *paper)
{
	const json_t *committed = json_object_get(paper, "committed");
	const char *source = json_text(committed, "seed_source");

	return !json_array_size(json_object_get(committed, "seed_parts")) &&
	       (!source || !strcmp(source, DRAW_SEED_NO_SOURCE));
}

static void doubt(json_t *list, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void doubt(json_t *list, const char *fmt, ...)
{
	char text[700];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_array_append_new(list, json_string(text));
}

/* A day without an hour may be over for its source at the commitment. */
static void doubt_day(const json_t *record, json_t *list)
{
	const char *at = json_text(record, "seed_at");
	char day[11];

	date_format(day, json_int(record, "committed_at", 0) / DAY_MS);
	if (at && !strcmp(at, day))
		doubt(list,
		      "its seed was announced for the day of the commitment, "
		      "without the hour: it may have been known before");
}

static void doubt_author(const json_t *record, const json_t *rules,
			 json_t *list)
{
	const char *by = json_text(record, "committed_by");
	const char *revealed = json_text(record, "revealed_by");
	bool is_one = by && revealed && !strcmp(by, revealed);

	if (json_array_size(json_object_get(json_object_get(rules, "committed"),
					    "seed_parts")))
		return;
	if (draw_seed_is_anybodys(rules))
		doubt(list, "%s%s%s", DRAW_SEED_ANYBODYS,
		      revealed ? "; that was " : "", revealed ? revealed : "");
	if (is_one)
		doubt(list,
		      "'%.64s' committed it and revealed its seed, with nobody "
		      "beside",
		      by);
}

/* A commitment that waited for the same source as one that was drawn. */
static enum rc doubt_left(struct op *op, const char *scope, const char *id,
			  const json_t *record, json_t *list)
{
	struct query *q = query_begin(op->store->db, SQL_DRAW_SOURCE_REVEALED);
	const char *source = json_text(record, "seed_source");
	const char *at = json_text(record, "seed_at");

	query_text(q, 1, scope);
	query_text(q, 2, id);
	query_text(q, 3,
		   source && strcmp(source, DRAW_SEED_NO_SOURCE) ? source : "");
	query_text(q, 4, at ? at : "");
	if (query_row(q))
		doubt(list,
		      "it was never revealed, though the seed of its %s is "
		      "known: draw '%s' revealed it",
		      query_get_int(q, 1) ? "source" : "time",
		      query_get_text(q, 0));
	return query_end(q, op->err);
}

enum rc draw_seed_doubts(struct op *op, const char *scope, const char *id,
			 const json_t *record, json_t *list)
{
	const char *seed = json_text(record, "seed");
	struct knew knew = { 0 };
	enum rc rc = RC_OK;

	doubt_author(record, json_object_get(record, "rules"), list);
	doubt_day(record, list);
	if (!seed)
		return doubt_left(op, scope, id, record, list);
	rc = who_knew(op, id, seed, json_int(record, "committed_at", 0), &knew);
	if (rc == RC_OK && *knew.id)
		doubt(list,
		      "its seed was known before it was committed: draw '%s' "
		      "of scope '%s' revealed it",
		      knew.id, knew.scope);
	return rc;
}
