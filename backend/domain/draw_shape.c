/* domain/draw_shape.c - a closed list of members for each object of a paper:
 * what no list names is refused, because no hash would cover it. */
#include "domain/draw_shape.h"

#include "base/date.h"
#include "base/hash.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "domain/draw_paper.h"
#include "domain/draw_ticket.h"

#define DAY_MS INT64_C(86400000)
#define TIME_END INT64_C(32503680000000) /* the year 3000 */
#define NUMBER_MAX ((INT64_C(1) << 53) - 1)

enum form {
	TEXT,
	ID,
	DATE,
	MOMENT, /* a day, or an hour as time_format has it */
	HASH,
	SEED,
	NUMBER,
	TIME,
	YES,
	IDS,
	ID_LISTS,
	NUMBERS,
	TEXTS,
	OBJECT,
	OBJECTS,
};

struct member {
	const char *name;
	enum form form;
	bool may_lack;
	const struct member *inner; /* of OBJECT and OBJECTS */
};

static const struct member rules[] = {
	{ "day", DATE, false, NULL },
	{ "due", DATE, true, NULL },
	{ "exclusions_hash", HASH, false, NULL },
	{ "industry", TEXT, true, NULL },
	{ "item", TEXT, true, NULL },
	{ "load_limit", TEXT, false, NULL },
	{ "town", TEXT, true, NULL },
	{ 0 },
};

#define RULES_3                                                                \
	{ "day", DATE, false, NULL },                                          \
		{ "exclusions_hash", HASH, false, NULL },                      \
		{ "flags", TEXTS, true, NULL },                                \
		{ "grades", TEXTS, true, NULL },                               \
		{ "industry", TEXT, true, NULL },                              \
		{ "item", TEXT, true, NULL },                                  \
		{ "load_max", NUMBER, true, NULL },                            \
		{ "period_days", NUMBER, true, NULL },                         \
		{ "ratio_rule", TEXT, true, NULL },                            \
		{ "recusals_hash", HASH, false, NULL },                        \
		{ "rounding", TEXT, true, NULL },                              \
		{ "scheme", TEXT, true, NULL },                                \
		{ "states", TEXTS, false, NULL },                              \
		{ "tags", TEXTS, true, NULL }, { "towns", TEXTS, true, NULL }, \
	{                                                                      \
		"visited_before", DATE, true, NULL                             \
	}

static const struct member rules_3[] = { RULES_3,
					 { "due", DATE, true, NULL },
					 { 0 } };
static const struct member rules_4[] = { RULES_3,
					 { "due", DATE, false, NULL },
					 { "reasons_hash", HASH, false, NULL },
					 { 0 } };

static const struct member stratum[] = {
	{ "members_hash", HASH, false, NULL },
	{ "n", NUMBER, false, NULL },
	{ "name", TEXT, false, NULL },
	{ "size", NUMBER, false, NULL },
	{ 0 },
};

static const struct member stratum_3[] = {
	{ "expected_bp", NUMBER, true, NULL },
	{ "members_hash", HASH, false, NULL },
	{ "n", NUMBER, false, NULL },
	{ "name", TEXT, false, NULL },
	{ "ratio_bp", NUMBER, true, NULL },
	{ "size", NUMBER, false, NULL },
	{ 0 },
};

#define OFFICER                                                                \
	{ "certificate", TEXT, true, NULL },                                   \
		{ "certificate_from", TEXT, true, NULL },                      \
		{ "certificate_to", TEXT, true, NULL },                        \
		{ "excluded", TEXT, true, NULL }, { "id", ID, false, NULL },   \
	{                                                                      \
		"state", TEXT, true, NULL                                      \
	}

static const struct member officer[] = { OFFICER, { 0 } };
static const struct member officer_3[] = { OFFICER,
					   { "certificate_state", TEXT, true,
					     NULL },
					   { "lead", YES, true, NULL },
					   { 0 } };

static const struct member exclusion[] = {
	{ "id", ID, false, NULL },
	{ "reason", TEXT, false, NULL },
	{ 0 },
};

static const struct member seed_part[] = {
	{ "hash", HASH, false, NULL },
	{ "name", TEXT, false, NULL },
	{ 0 },
};

static const struct member recusal[] = {
	{ "officer", ID, false, NULL },
	{ "reason", TEXT, false, NULL },
	{ "subject", ID, false, NULL },
	{ 0 },
};

static const struct member recusal_4[] = {
	{ "officer", ID, false, NULL },
	{ "subject", ID, false, NULL },
	{ 0 },
};

/* Since format 4: the office's words about officers, in the whole paper. */
static const struct member reasons[] = {
	{ "officers", OBJECTS, false, exclusion },
	{ "recusals", OBJECTS, false, recusal },
	{ "salt", HASH, false, NULL },
	{ 0 },
};

static const struct member replacement[] = {
	{ "at", TIME, false, NULL },
	{ "in", ID, false, NULL },
	{ "officers", IDS, true, NULL },
	{ "out", ID, false, NULL },
	{ "reason", TEXT, false, NULL },
	{ "subject", ID, true, NULL },
	{ 0 },
};

#define COMMITTED(rules, stratum)                                              \
	{ "algorithm", TEXT, false, NULL },                                    \
		{ "frame_hash", HASH, false, NULL },                           \
		{ "frame_size", NUMBER, false, NULL },                         \
		{ "officers_per_subject", NUMBER, false, NULL },               \
		{ "pool_hash", HASH, false, NULL },                            \
		{ "rules", OBJECT, false, rules },                             \
		{ "scope", TEXT, false, NULL },                                \
		{ "seed_source", TEXT, false, NULL },                          \
	{                                                                      \
		"strata", OBJECTS, false, stratum                              \
	}

/* What is known when a draw is committed, beside its frame and rules. */
#define ANNOUNCED                                                              \
	{ "committed_at", TIME, false, NULL }, { "id", ID, false, NULL },      \
		{ "name", TEXT, true, NULL }, { "reason", TEXT, true, NULL },  \
	{                                                                      \
		"replaces", ID, true, NULL                                     \
	}

#define PAPER(committed, officer)                                              \
	{ "commitment", HASH, false, NULL },                                   \
		{ "committed", OBJECT, false, committed },                     \
		{ "excluded", OBJECTS, false, exclusion },                     \
		{ "format", NUMBER, false, NULL },                             \
		{ "frame", IDS, false, NULL },                                 \
		{ "pairs", ID_LISTS, true, NULL },                             \
		{ "pool", OBJECTS, false, officer },                           \
		{ "reserve", ID_LISTS, true, NULL },                           \
		{ "result", IDS, true, NULL },                                 \
		{ "result_hash", HASH, true, NULL },                           \
		{ "revealed_at", TIME, true, NULL },                           \
		{ "seed", SEED, true, NULL },                                  \
	{                                                                      \
		"state", TEXT, false, NULL                                     \
	}

static const struct member committed_1[] = { COMMITTED(rules, stratum), { 0 } };
static const struct member committed_2[] = { COMMITTED(rules, stratum),
					     ANNOUNCED,
					     { "format", NUMBER, false, NULL },
					     { 0 } };
#define COMMITTED_3(rules)                                                     \
	COMMITTED(rules, stratum_3), ANNOUNCED,                                \
		{ "format", NUMBER, false, NULL },                             \
		{ "key_hash", HASH, true, NULL },                              \
	{                                                                      \
		"seed_parts", OBJECTS, true, seed_part                         \
	}
static const struct member committed_3[] = { COMMITTED_3(rules_3), { 0 } };
static const struct member committed_4[] = { COMMITTED_3(rules_4),
					     { "seed_at", MOMENT, true, NULL },
					     { 0 } };

static const struct member paper_1[] = { PAPER(committed_1, officer),
					 ANNOUNCED,
					 { "algorithm", TEXT, false, NULL },
					 { "membership", NUMBERS, false, NULL },
					 { 0 } };
static const struct member paper_2[] = { PAPER(committed_2, officer),
					 { "membership", NUMBERS, false, NULL },
					 { "void_reason", TEXT, true, NULL },
					 { 0 } };
#define PAPER_3(committed, recusal)                                            \
	PAPER(committed, officer_3), { "drawn", ID_LISTS, true, NULL },        \
		{ "key", HASH, true, NULL }, { "lots", ID_LISTS, true, NULL }, \
		{ "membership", NUMBERS, true, NULL },                         \
		{ "recusals", OBJECTS, false, recusal },                       \
		{ "replacements", OBJECTS, true, replacement },                \
	{                                                                      \
		"void_reason", TEXT, true, NULL                                \
	}
static const struct member paper_3[] = { PAPER_3(committed_3, recusal), { 0 } };
static const struct member paper_4[] = { PAPER_3(committed_4, recusal_4),
					 { "reasons", OBJECT, true, reasons },
					 { 0 } };
static const struct member *const papers[] = { NULL, paper_1, paper_2, paper_3,
					       paper_4 };

bool draw_moment(const char *text, int64_t *ms)
{
	int64_t days;
	char back[25];

	if (name_is_date(text) && date_parse(text, &days)) {
		*ms = days * DAY_MS;
		return true;
	}
	if (!time_parse(text, ms) || *ms < 0 || *ms >= TIME_END)
		return false;
	time_format(back, *ms);
	return !strcmp(text, back);
}

bool draw_seed_is_legal(const char *seed)
{
	size_t n = strlen(seed);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)seed[i] < 0x20 || seed[i] == 0x7f)
			return false;
	return n > 0 && n <= DRAW_SEED_MAX && utf8_is_valid(seed, n);
}

static bool is_hash(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static bool is_number(const json_t *value, int64_t max)
{
	return json_is_integer(value) && json_integer_value(value) >= 0 &&
	       json_integer_value(value) <= max;
}

static bool is_array_of(const json_t *value, enum form form);

/* Of a form that has no members. */
static bool is_of(const json_t *value, enum form form)
{
	const char *text = json_string_value(value);
	int64_t at;

	switch (form) {
	case TEXT: return text;
	case ID: return text && name_is_id(text);
	case DATE: return text && name_is_date(text);
	case MOMENT: return text && draw_moment(text, &at);
	case HASH: return text && is_hash(text);
	case SEED: return text && draw_seed_is_legal(text);
	case NUMBER: return is_number(value, NUMBER_MAX);
	case TIME: return is_number(value, TIME_END - 1);
	case YES: return json_is_true(value);
	case TEXTS: return is_array_of(value, TEXT);
	case IDS: return is_array_of(value, ID);
	case ID_LISTS: return is_array_of(value, IDS);
	case NUMBERS: return is_array_of(value, NUMBER);
	case OBJECT:
	case OBJECTS: break;
	}
	return false;
}

static bool is_array_of(const json_t *value, enum form form)
{
	bool fits = json_is_array(value);

	for (size_t i = 0; fits && i < json_array_size(value); i++)
		fits = is_of(json_array_get(value, i), form);
	return fits;
}

static enum rc object_check(const json_t *o, const struct member *members,
			    const char *where, struct err *err);

static enum rc member_check(const json_t *value, const struct member *m,
			    struct err *err)
{
	enum rc rc = RC_OK;

	if (m->form == OBJECT)
		return object_check(value, m->inner, m->name, err);
	if (m->form != OBJECTS)
		return is_of(value, m->form)
			       ? RC_OK
			       : err_set(err, RC_CORRUPT,
					 "'%s' is not of its form", m->name);
	if (!json_is_array(value))
		return err_set(err, RC_CORRUPT, "'%s' is no list", m->name);
	for (size_t i = 0; rc == RC_OK && i < json_array_size(value); i++)
		rc = object_check(json_array_get(value, i), m->inner, m->name,
				  err);
	return rc;
}

static enum rc object_check(const json_t *o, const struct member *members,
			    const char *where, struct err *err)
{
	size_t known = 0;

	if (!json_is_object(o))
		return err_set(err, RC_CORRUPT, "'%s' is no object", where);
	for (const struct member *m = members; m->name; m++) {
		const json_t *value = json_object_get(o, m->name);

		if (!value && m->may_lack)
			continue;
		if (!value)
			return err_set(err, RC_CORRUPT,
				       "'%s' of '%s' is missing", m->name,
				       where);
		known++;
		if (member_check(value, m, err) != RC_OK)
			return err->code;
	}
	return known == json_object_size(o)
		       ? RC_OK
		       : err_set(err, RC_CORRUPT,
				 "'%s' has a member that no draw has", where);
}

/* Since format 4 a commitment says where its seed will come from, and when. */
static enum rc check_source(const json_t *paper, struct err *err)
{
	const json_t *committed = json_object_get(paper, "committed");

	if (json_array_size(json_object_get(committed, "seed_parts")) ||
	    (json_text(committed, "seed_at") && !draw_seed_is_anybodys(paper)))
		return RC_OK;
	return err_set(err, RC_CORRUPT,
		       "the commitment names neither a source of the seed with "
		       "its day nor people who have parts of it");
}

/* What comes only together, since format 3. */
static enum rc check_together(const json_t *paper, struct err *err)
{
	bool by_grade = draw_is_by_grade(paper);
	bool has_key = json_object_get(paper, "key");

	if (by_grade != !!json_object_get(paper, "lots") ||
	    (has_key && !by_grade) ||
	    has_key != !!json_object_get(paper, "membership"))
		return err_set(err, RC_CORRUPT,
			       "key, membership, lots and key_hash do not fit "
			       "together");
	return RC_OK;
}

enum rc draw_shape_check(const json_t *paper, struct err *err)
{
	int64_t format = json_int(paper, "format", 0);
	enum rc rc;

	if (format < 1 || format > DRAW_FORMAT)
		return err_set(err, RC_CORRUPT,
			       "this is no paper of a draw, format 1 to 4");
	rc = object_check(paper, papers[format], "paper", err);
	if (rc == RC_OK && format >= 3)
		rc = check_together(paper, err);
	return rc == RC_OK && format >= 4 ? check_source(paper, err) : rc;
}

static enum rc check_times(const json_t *paper, struct err *err)
{
	int64_t at = json_int(draw_announced(paper), "committed_at", 0);
	const char *said = json_text(
		json_object_get(json_object_get(paper, "committed"), "rules"),
		"day");
	const char *seed_at =
		json_text(json_object_get(paper, "committed"), "seed_at");
	int64_t moment = 0;
	char day[11];

	date_format(day, at / DAY_MS);
	if (strcmp(day, said) != 0)
		return err_set(err, RC_CORRUPT,
			       "committed_at is on %s, the rules are of %s",
			       day, said);
	if (json_int(paper, "revealed_at", at) < at)
		return err_set(err, RC_CORRUPT,
			       "revealed_at is before committed_at");
	if (!seed_at || !draw_moment(seed_at, &moment))
		return RC_OK;
	if (strlen(seed_at) == 10 ? strcmp(seed_at, day) < 0 : moment <= at)
		return err_set(err, RC_CORRUPT,
			       "seed_at is before committed_at");
	if (json_int(paper, "revealed_at", moment) < moment)
		return err_set(err, RC_CORRUPT,
			       "revealed_at is before seed_at");
	return RC_OK;
}

enum rc draw_seed_check(const json_t *committed, const char *seed,
			struct err *err)
{
	const json_t *parts = json_object_get(committed, "seed_parts");
	size_t n = json_array_size(parts);

	for (size_t i = 0; i < n; i++) {
		const json_t *part = json_array_get(parts, i);
		size_t bytes = i + 1 < n ? strcspn(seed, "|") : strlen(seed);
		char hash[65];

		sha256_hex(hash, seed, bytes);
		if (strcmp(hash, json_text(part, "hash")) != 0)
			return err_set(err, RC_CORRUPT,
				       "part %zu of the seed is not what '%s' "
				       "committed",
				       i + 1, json_text(part, "name"));
		seed += bytes + (seed[bytes] == '|');
	}
	return RC_OK;
}

enum rc draw_state_check(const json_t *paper, struct err *err)
{
	static const char *const outcome[] = { "pairs", "reserve", "result",
					       "result_hash", "drawn" };
	const char *state = json_text(paper, "state");
	bool has_seed = json_object_get(paper, "seed");
	bool is_void = !strcmp(state, "void"), fits;
	size_t n = 0, parts = draw_is_by_grade(paper) ? 5 : 4;

	for (size_t i = 0; i < 5; i++)
		n += json_object_get(paper, outcome[i]) != NULL;
	if (has_seed != !!json_object_get(paper, "revealed_at"))
		return err_set(err, RC_CORRUPT,
			       "a seed and revealed_at come together");
	if (n != 0 && (n != parts || !has_seed))
		return err_set(err, RC_CORRUPT,
			       "the paper has a part of a result");
	if (json_object_get(paper, "replacements") && !n)
		return err_set(err, RC_CORRUPT,
			       "it has replacements and no result");
	if (n)
		fits = !strcmp(state, "drawn") || !strcmp(state, "verified");
	else
		fits = !strcmp(state, has_seed ? "revealed" : "committed");
	if (!fits && !is_void)
		return err_set(err, RC_CORRUPT,
			       "the state '%.20s' is not that of the members",
			       state);
	if (!is_void && json_object_get(paper, "void_reason"))
		return err_set(err, RC_CORRUPT,
			       "it has a void_reason and is not void");
	if (has_seed && draw_seed_check(json_object_get(paper, "committed"),
					json_text(paper, "seed"), err) != RC_OK)
		return err->code;
	return check_times(paper, err);
}
