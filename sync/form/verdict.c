/* form/verdict.c - answers joined by point, and what follows from them. */
#include "form/verdict.h"

#include <string.h>

#include "base/date.h"
#include "base/jcs.h"
#include "base/words.h"
#include "form/points.h"

#define BEIJING_MS (INT64_C(8) * 3600 * 1000)
#define DAY_MS INT64_C(86400000)

void date_of_moment(char out[11], int64_t ms)
{
	date_format(out, (ms + BEIJING_MS) / DAY_MS);
}

void visit_day(char out[11], const json_t *visit)
{
	const char *day = json_text(visit, "visited_on");
	int64_t days, ms = json_int(visit, "started_at", 0);

	out[0] = '\0';
	if (ms > 0)
		date_of_moment(out, ms);
	else if (day && date_parse(day, &days))
		date_format(out, days);
}

bool visit_is_signed(const json_t *visit)
{
	static const char *const states[] = {
		"signed",   "submitted", "returned",  "resubmitted",
		"approved", "published", "corrected", "withdrawn",
	};
	const char *state = json_text(visit, "state");

	for (size_t i = 0; state && i < sizeof(states) / sizeof(*states); i++)
		if (strcmp(state, states[i]) == 0)
			return true;
	return false;
}

const char *verdict_denies_clean(const json_t *verdict, size_t violations,
				 bool is_whole)
{
	if (violations)
		return "has violations";
	if (json_array_size(json_object_get(verdict, "failed")))
		return "has a point that failed";
	if (is_whole && json_array_size(json_object_get(verdict, "open")))
		return "has points that nobody answered";
	return NULL;
}

bool verdict_is_result(const json_t *verdict)
{
	static const char *const words[] = { "serious", "case",  "deadline",
					     "spot",    "clean", NULL };
	const char *word = json_text(verdict, "verdict");

	for (const char *const *w = words; word && *w; w++)
		if (!strcmp(word, *w))
			return true;
	return false;
}

/* One join on its way. */
struct join {
	const struct verdict_of *v;
	const json_t *points;
	json_t *answers; /* sorted by author and id; owned */
	json_t *out;
	json_t *table, *disputed, *open, *failed, *unused; /* in `out` */
	bool is_serious, has_case, has_deadline, has_spot;
};

static bool same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* Why an answer takes no part, or NULL. */
static const char *unused_why(const struct join *j, const json_t *a)
{
	const char *state = json_text(a, "state");
	const json_t *there = json_object_get(j->v->visit, "officers");
	const json_t *p = points_find(j->points, json_text(a, "point"));

	if (same_text(state, "void") || same_text(state, "draft") ||
	    same_text(state, "left_out"))
		return state;
	if (!json_text(a, "author"))
		return "no_author";
	if (json_array_size(there) &&
	    !json_has_text(there, json_text(a, "author")))
		return "not_present";
	if (!p)
		return "no_such_point";
	return point_allows(p, json_text(a, "value")) ? NULL : "no_such_value";
}

static int text_compare(const json_t *a, const json_t *b, const char *name)
{
	const char *x = json_text(a, name), *y = json_text(b, name);

	return strcmp(x ? x : "", y ? y : "");
}

/* By author, so that ids, which say nothing, order nothing that is shown. */
static int answer_compare(const json_t *a, const json_t *b)
{
	int order = text_compare(a, b, "author");

	return order ? order : text_compare(a, b, "id");
}

/* Few answers a visit: by insertion. */
static json_t *answers_sorted(const json_t *answers)
{
	json_t *out = json_array();

	for (size_t i = 0; out && i < json_array_size(answers); i++) {
		json_t *a = json_array_get(answers, i);
		size_t at = json_array_size(out);

		while (at > 0 &&
		       answer_compare(json_array_get(out, at - 1), a) > 0)
			at--;
		json_array_insert(out, at, a);
	}
	return out;
}

static void copy(json_t *to, const json_t *from, const char *name)
{
	json_t *value = json_object_get(from, name);

	if (value)
		json_object_set(to, name, value);
}

static void unused_add(struct join *j, const json_t *a, const char *why)
{
	static const char *const names[] = { "id", "point", "author", "value" };
	json_t *o = json_object();

	for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++)
		copy(o, a, names[n]);
	json_object_set_new(o, "why", json_string(why));
	json_array_append_new(j->unused, o);
}

static void unused_list(struct join *j)
{
	for (size_t i = 0; i < json_array_size(j->answers); i++) {
		const json_t *a = json_array_get(j->answers, i);
		const char *why = unused_why(j, a);

		if (why)
			unused_add(j, a, why);
	}
	for (size_t i = 0; i < json_array_size(j->v->late); i++)
		unused_add(j, json_array_get(j->v->late, i), "left_out");
}

/* What the officers say of one point. */
struct said {
	json_t *answers, *authors; /* for the table; owned */
	const char *value; /* that stands, or NULL */
	size_t count; /* answers that take part */
	bool differs; /* two values that are not "na" */
	bool has_na;
};

static json_t *answer_shown(const json_t *a)
{
	static const char *const names[] = { "id",     "author",   "value",
					     "reason", "severity", "settles" };
	json_t *o = json_object();

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		copy(o, a, names[i]);
	return o;
}

/* The lead's settling answer of the point, or NULL. */
static const json_t *settled_by(const struct join *j, const char *point)
{
	const char *lead = json_text(j->v->visit, "lead");

	for (size_t i = 0; lead && i < json_array_size(j->answers); i++) {
		const json_t *a = json_array_get(j->answers, i);

		if (same_text(json_text(a, "point"), point) &&
		    same_text(json_text(a, "author"), lead) &&
		    json_is_true(json_object_get(a, "settles")) &&
		    !unused_why(j, a))
			return a;
	}
	return NULL;
}

static struct said said_of(const struct join *j, const char *point)
{
	const json_t *settles = settled_by(j, point);
	struct said s = { .answers = json_array(), .authors = json_array() };

	for (size_t i = 0; i < json_array_size(j->answers); i++) {
		const json_t *a = json_array_get(j->answers, i);
		const char *value = json_text(a, "value");
		const char *author = json_text(a, "author");

		if (!same_text(json_text(a, "point"), point) ||
		    unused_why(j, a))
			continue;
		s.count++;
		json_array_append_new(s.answers, answer_shown(a));
		if (!json_has_text(s.authors, author))
			json_array_append_new(s.authors, json_string(author));
		if (settles && a != settles)
			continue;
		if (strcmp(value, POINT_NA) == 0)
			s.has_na = true;
		else if (s.value && strcmp(s.value, value) != 0)
			s.differs = true;
		else
			s.value = value;
	}
	return s;
}

static void said_release(struct said *s)
{
	json_decref(s->answers);
	json_decref(s->authors);
}

/* Did somebody answer a point that this gate's value makes fall away? */
static bool dependents_answered(const struct join *j, const char *gate,
				const char *value)
{
	for (size_t i = 0; i < json_array_size(j->points); i++) {
		const json_t *p = json_array_get(j->points, i);
		const json_t *skip = json_object_get(p, "skip");
		struct said s;
		bool answered;

		if (!same_text(json_text(skip, "point"), gate) ||
		    (strcmp(value, POINT_NA) != 0 &&
		     !json_has_text(json_object_get(skip, "is"), value)))
			continue;
		s = said_of(j, json_text(p, "id"));
		answered = s.value != NULL;
		said_release(&s);
		if (answered)
			return true;
	}
	return false;
}

/* The row of a point that was computed before, or NULL. */
static const json_t *row_of(const struct join *j, const char *point)
{
	for (size_t i = 0; i < json_array_size(j->table); i++) {
		const json_t *row = json_array_get(j->table, i);

		if (same_text(json_text(row, "point"), point))
			return row;
	}
	return NULL;
}

static bool is_skipped(const struct join *j, const json_t *point)
{
	const json_t *skip = json_object_get(point, "skip");
	const json_t *gate = row_of(j, json_text(skip, "point"));
	const char *state = json_text(gate, "state");
	const char *value = json_text(gate, "value");

	if (!gate || same_text(state, "disputed"))
		return false;
	return same_text(state, "skipped") || same_text(state, "na") ||
	       (value && json_has_text(json_object_get(skip, "is"), value));
}

static const char *state_of(const struct join *j, const json_t *p,
			    const struct said *s)
{
	const char *id = json_text(p, "id");
	const char *stands = s->value ? s->value : s->has_na ? POINT_NA : NULL;
	bool is_gate = point_is_gate(j->points, id);

	if (json_has_text(json_object_get(j->v->form, "withdrawn"), id) ||
	    same_text(json_text(j->v->form, "state"), "withdrawn"))
		return "excluded";
	if (s->differs || (is_gate && s->has_na && s->value))
		return "disputed";
	if (is_gate && stands && !settled_by(j, id) &&
	    dependents_answered(j, id, stands))
		return "disputed";
	if (s->value)
		return point_fails(p, s->value) ? "failed" : "passed";
	if (s->has_na)
		return "na";
	return is_skipped(j, p) ? "skipped" : "open";
}

static void failed_note(struct join *j, const json_t *p)
{
	const char *end = point_on_fail(p);

	json_array_append(j->failed, json_object_get(p, "id"));
	if (json_is_true(json_object_get(p, "key")))
		j->is_serious = true;
	else if (strcmp(end, "case") == 0)
		j->has_case = true;
	else if (strcmp(end, "deadline") == 0)
		j->has_deadline = true;
	else
		j->has_spot = true;
}

static void point_join(struct join *j, const json_t *p)
{
	struct said s = said_of(j, json_text(p, "id"));
	const char *state = state_of(j, p, &s);
	const char *value = s.value ? s.value : s.has_na ? POINT_NA : NULL;
	json_t *row = json_object();

	copy(row, p, "text");
	json_object_set(row, "point", json_object_get(p, "id"));
	json_object_set_new(
		row, "key",
		json_boolean(json_is_true(json_object_get(p, "key"))));
	json_object_set_new(row, "state", json_string(state));
	if (value && strcmp(state, "disputed") != 0)
		json_object_set_new(row, "value", json_string(value));
	if (strcmp(state, "failed") == 0)
		json_object_set_new(row, "on_fail",
				    json_string(point_on_fail(p)));
	if (settled_by(j, json_text(p, "id")))
		json_object_set(row, "settled_by",
				json_object_get(j->v->visit, "lead"));
	json_object_set(row, "authors", s.authors);
	json_object_set(row, "answers", s.answers);
	json_array_append_new(j->table, row);
	if (strcmp(state, "failed") == 0)
		failed_note(j, p);
	else if (strcmp(state, "disputed") == 0)
		json_array_append(j->disputed, json_object_get(p, "id"));
	else if (strcmp(state, "open") == 0)
		json_array_append(j->open, json_object_get(p, "id"));
	said_release(&s);
}

static const char *verdict_word(const struct join *j)
{
	if (!j->v->form)
		return "no_form";
	if (same_text(json_text(j->v->form, "state"), "withdrawn"))
		return "withdrawn";
	if (json_array_size(j->disputed))
		return "disputed";
	if (json_array_size(j->open))
		return "incomplete";
	if (j->is_serious)
		return "serious";
	if (j->has_case)
		return "case";
	if (j->has_deadline)
		return "deadline";
	return j->has_spot ? "spot" : "clean";
}

static json_t *flags_make(const struct join *j)
{
	json_t *flags = json_array();

	if (j->v->newer)
		json_array_append_new(flags, json_string("old_form"));
	if (same_text(json_text(j->v->form, "state"), "withdrawn"))
		json_array_append_new(flags, json_string("form_withdrawn"));
	else if (json_array_size(json_object_get(j->v->form, "withdrawn")))
		json_array_append_new(flags, json_string("points_withdrawn"));
	return flags;
}

/* Key points of the later version that this one lacks. */
static json_t *supplement_make(const struct join *j)
{
	const json_t *newer = json_object_get(j->v->newer, "points");
	json_t *out = json_array();

	for (size_t i = 0; i < json_array_size(newer); i++) {
		const json_t *p = json_array_get(newer, i);

		if (json_is_true(json_object_get(p, "key")) &&
		    !points_find(j->points, json_text(p, "id")))
			json_array_append(out, json_object_get(p, "id"));
	}
	return out;
}

static void head_make(struct join *j)
{
	static const char *const names[] = { "state", "form", "item",
					     "item_version",
					     "subject_version" };
	const json_t *form = j->v->form;

	json_object_set(j->out, "visit", json_object_get(j->v->visit, "id"));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		copy(j->out, j->v->visit, names[i]);
	if (form) {
		json_object_set(j->out, "form_code",
				json_object_get(form, "form_code"));
		json_object_set(j->out, "form_version",
				json_object_get(form, "version"));
	}
}

static json_t *list_add(struct join *j, const char *name)
{
	json_t *list = json_array();

	json_object_set_new(j->out, name, list);
	return list;
}

enum rc verdict_make(const struct verdict_of *v, json_t **out, struct err *err)
{
	struct join j = { .v = v, .out = json_object() };
	const char *word;

	*out = NULL;
	j.points = json_object_get(v->form, "points");
	j.answers = answers_sorted(v->answers);
	if (!j.out || !j.answers) {
		json_decref(j.out);
		json_decref(j.answers);
		return err_set(err, RC_NOMEM, "no memory for a verdict");
	}
	head_make(&j);
	j.table = list_add(&j, "points");
	j.disputed = list_add(&j, "disputed");
	j.open = list_add(&j, "open");
	j.failed = list_add(&j, "failed");
	j.unused = list_add(&j, "unused");
	for (size_t i = 0; i < json_array_size(j.points); i++)
		point_join(&j, json_array_get(j.points, i));
	unused_list(&j);
	word = verdict_word(&j);
	json_object_set_new(j.out, "verdict", json_string(word));
	json_object_set_new(j.out, "can_be_signed",
			    json_boolean(strcmp(word, "disputed") != 0));
	json_object_set_new(j.out, "flags", flags_make(&j));
	json_object_set_new(j.out, "supplement", supplement_make(&j));
	json_decref(j.answers);
	*out = j.out;
	return RC_OK;
}
