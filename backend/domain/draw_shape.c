/* domain/draw_shape.c - a closed list of members for each object of a paper:
 * what no list names is refused, because no hash would cover it. */
#include "domain/draw_shape.h"

#include "base/date.h"
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
	HASH,
	SEED,
	NUMBER,
	TIME,
	IDS,
	ID_LISTS,
	NUMBERS,
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

static const struct member stratum[] = {
	{ "members_hash", HASH, false, NULL },
	{ "n", NUMBER, false, NULL },
	{ "name", TEXT, false, NULL },
	{ "size", NUMBER, false, NULL },
	{ 0 },
};

static const struct member officer[] = {
	{ "certificate", TEXT, true, NULL },
	{ "certificate_from", TEXT, true, NULL },
	{ "certificate_to", TEXT, true, NULL },
	{ "excluded", TEXT, true, NULL },
	{ "id", ID, false, NULL },
	{ "state", TEXT, true, NULL },
	{ 0 },
};

static const struct member exclusion[] = {
	{ "id", ID, false, NULL },
	{ "reason", TEXT, false, NULL },
	{ 0 },
};

#define COMMITTED                                                              \
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

#define PAPER(committed)                                                       \
	{ "commitment", HASH, false, NULL },                                   \
		{ "committed", OBJECT, false, committed },                     \
		{ "excluded", OBJECTS, false, exclusion },                     \
		{ "format", NUMBER, false, NULL },                             \
		{ "frame", IDS, false, NULL },                                 \
		{ "membership", NUMBERS, false, NULL },                        \
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

static const struct member committed_1[] = { COMMITTED, { 0 } };
static const struct member committed_2[] = {
	COMMITTED, ANNOUNCED, { "format", NUMBER, false, NULL }, { 0 }
};
static const struct member paper_1[] = {
	PAPER(committed_1), ANNOUNCED, { "algorithm", TEXT, false, NULL }, { 0 }
};
static const struct member paper_2[] = { PAPER(committed_2),
					 { "void_reason", TEXT, true, NULL },
					 { 0 } };

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

	switch (form) {
	case TEXT: return text;
	case ID: return text && name_is_id(text);
	case DATE: return text && name_is_date(text);
	case HASH: return text && is_hash(text);
	case SEED: return text && draw_seed_is_legal(text);
	case NUMBER: return is_number(value, NUMBER_MAX);
	case TIME: return is_number(value, TIME_END - 1);
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

enum rc draw_shape_check(const json_t *paper, struct err *err)
{
	int64_t format = json_int(paper, "format", 0);

	if (format != 1 && format != DRAW_FORMAT)
		return err_set(err, RC_CORRUPT,
			       "this is no paper of %s, format 1 or 2",
			       DRAW_ALGORITHM);
	return object_check(paper, format == 1 ? paper_1 : paper_2, "paper",
			    err);
}

static enum rc check_times(const json_t *paper, struct err *err)
{
	int64_t at = json_int(draw_announced(paper), "committed_at", 0);
	const char *said = json_text(
		json_object_get(json_object_get(paper, "committed"), "rules"),
		"day");
	char day[11];

	date_format(day, at / DAY_MS);
	if (strcmp(day, said) != 0)
		return err_set(err, RC_CORRUPT,
			       "committed_at is on %s, the rules are of %s",
			       day, said);
	if (json_int(paper, "revealed_at", at) < at)
		return err_set(err, RC_CORRUPT,
			       "revealed_at is before committed_at");
	return RC_OK;
}

enum rc draw_state_check(const json_t *paper, struct err *err)
{
	static const char *const outcome[] = { "pairs", "reserve", "result",
					       "result_hash" };
	const char *state = json_text(paper, "state");
	bool has_seed = json_object_get(paper, "seed");
	bool is_void = !strcmp(state, "void"), fits;
	size_t n = 0;

	for (size_t i = 0; i < 4; i++)
		n += json_object_get(paper, outcome[i]) != NULL;
	if (has_seed != !!json_object_get(paper, "revealed_at"))
		return err_set(err, RC_CORRUPT,
			       "a seed and revealed_at come together");
	if (n != 0 && (n != 4 || !has_seed))
		return err_set(err, RC_CORRUPT,
			       "the paper has a part of a result");
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
	return check_times(paper, err);
}
