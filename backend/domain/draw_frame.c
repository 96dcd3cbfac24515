/* domain/draw_frame.c - the subjects of a draw: who is asked for, and who of
 * them is excluded, and why. One walk through lists in the order of ids. */
#include "domain/draw_impl.h"

#include "base/date.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "domain/credit.h"
#include "domain/draw_ticket.h"
#include "sql_store.gen.h"

/* Rows of some subjects, which wait for the walk to come by. */
struct beside {
	struct query *q; /* NULL: not asked for */
	bool more;
};

struct walk {
	struct freezing *f;
	struct beside grades, exemptions, visits, item_visits, item_open;
	char item_visited_from[11]; /* who was visited since is excluded */
};

static void beside_begin(struct beside *b, struct walk *w, const char *sql,
			 const char *second, const char *third)
{
	b->q = query_begin(w->f->op->store->db, sql);
	query_text(b->q, 1, w->f->scope);
	if (second)
		query_text(b->q, 2, second);
	if (third)
		query_text(b->q, 3, third);
	b->more = query_row(b->q);
}

/* Text of the subject's first row, or NULL; ids only grow. */
static const char *beside_text(struct beside *b, const char *id, int col)
{
	while (b->more && strcmp(query_get_text(b->q, 0), id) < 0)
		b->more = query_row(b->q);
	return b->more && strcmp(query_get_text(b->q, 0), id) == 0
		       ? query_get_text(b->q, col)
		       : NULL;
}

static void walk_begin(struct walk *w)
{
	const struct draw_options *o = w->f->options;
	int64_t period = o->period_days < 0 ? DRAW_PERIOD_DAYS : o->period_days;
	int64_t today = 0;

	date_parse(w->f->day, &today);
	date_format(w->item_visited_from, today - period);
	if (draw_asks_grades(o))
		beside_begin(&w->grades, w, SQL_DRAW_GRADES,
			     o->scheme ? o->scheme : SCHEME_DEFAULT, w->f->day);
	beside_begin(&w->exemptions, w, SQL_DRAW_EXEMPTIONS, w->f->day,
		     o->item);
	if (o->visited_before)
		beside_begin(&w->visits, w, SQL_DRAW_VISITS, NULL, NULL);
	if (o->item)
		beside_begin(&w->item_open, w, SQL_DRAW_ITEM_OPEN, o->item,
			     NULL);
	if (o->item && period)
		beside_begin(&w->item_visits, w, SQL_DRAW_ITEM_VISITS, o->item,
			     NULL);
}

static enum rc walk_end(struct walk *w)
{
	struct beside *const all[] = { &w->grades, &w->exemptions, &w->visits,
				       &w->item_visits, &w->item_open };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i]->q)
			query_end(all[i]->q, w->f->op->err);
	return w->f->op->err->code;
}

/* Sets are kept as the text of their array. */
static bool has_word(const char *list, const char *set)
{
	bool found = false;
	size_t i;
	json_t *words = set ? json_loads(set, 0, NULL) : NULL, *word;

	json_array_foreach(words, i, word) found |=
		draw_word_in(list, json_string_value(word));
	json_decref(words);
	return found;
}

static bool is_asked_for(struct walk *w, struct query *q, const char *grade)
{
	const struct draw_options *o = w->f->options;
	const char *industry = query_get_text(q, 3);

	if (o->industry && (!industry || strncmp(industry, o->industry,
						 strlen(o->industry)) != 0))
		return false;
	return draw_word_in(o->towns, query_get_text(q, 2)) &&
	       draw_word_in(o->grades, grade) &&
	       (!o->flags || has_word(o->flags, query_get_text(q, 4))) &&
	       (!o->tags || has_word(o->tags, query_get_text(q, 5)));
}

/* Why a subject that is asked for is left out, or NULL. */
static const char *why_excluded(struct walk *w, const char *id,
				const char *state, char room[600])
{
	const struct draw_options *o = w->f->options;
	const char *asked = json_text(w->f->asked, id), *text;

	if (asked)
		return asked;
	if (state &&
	    !draw_word_in(o->states ? o->states : "in_business", state))
		return state;
	text = beside_text(&w->exemptions, id, 1);
	if (text) {
		snprintf(room, 600, "exempt until %.10s: %.500s",
			 beside_text(&w->exemptions, id, 2), text);
		return room;
	}
	text = beside_text(&w->item_open, id, 1);
	if (text) {
		snprintf(room, 600, "assigned for the item already: %.32s",
			 text);
		return room;
	}
	text = beside_text(&w->item_visits, id, 1);
	if (text && strcmp(text, w->item_visited_from) > 0) {
		snprintf(room, 600, "visited for the item on %.10s", text);
		return room;
	}
	text = beside_text(&w->visits, id, 1);
	if (text && strcmp(text, o->visited_before) >= 0) {
		snprintf(room, 600, "visited on %.10s", text);
		return room;
	}
	return NULL;
}

static void take(struct walk *w, struct query *q)
{
	struct freezing *f = w->f;
	const char *id = query_get_text(q, 0), *reason;
	const char *grade = beside_text(&w->grades, id, 1);
	char room[600];

	if (!grade)
		grade = "unrated";
	if (!is_asked_for(w, q, grade))
		return;
	reason = why_excluded(w, id, query_get_text(q, 1), room);
	if (reason) {
		json_array_append_new(
			f->excluded,
			json_pack("{s:s, s:s}", "id", id, "reason", reason));
		return;
	}
	json_array_append_new(f->frame, json_string(id));
	if (w->grades.q)
		json_array_append_new(f->grades, json_string(grade));
}

enum rc draw_freeze_frame(struct freezing *f)
{
	struct walk w = { .f = f };
	struct query *q;
	enum rc rc;

	walk_begin(&w);
	q = query_begin(f->op->store->db, SQL_DRAW_SUBJECTS);
	query_text(q, 1, f->scope);
	while (query_row(q))
		take(&w, q);
	query_end(q, f->op->err);
	rc = walk_end(&w);
	if (rc != RC_OK)
		return rc;
	if (json_array_size(f->frame) == 0)
		return err_set(f->op->err, RC_INVALID,
			       "no subject of '%s' is in business and asked "
			       "for, %zu are excluded",
			       f->scope, json_array_size(f->excluded));
	if (json_array_size(f->frame) > DRAW_IDS_MAX)
		return err_set(f->op->err, RC_INVALID,
			       "a frame has at most %u subjects", DRAW_IDS_MAX);
	return RC_OK;
}
