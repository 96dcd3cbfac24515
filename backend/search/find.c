/* search/find.c - a question answered: candidates from the index in the order
 * of their rank, each held against the record as the log has it. */
#include "search/search_impl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "search/fold.h"

#define MATCH_BYTES_MAX (64u << 10)
#define GRAMS_MAX 16 /* of a question; more say little more */
#define FEW 1000 /* records: so many are looked at rather than intersected */

/* Where a page ended: "s1.RANK.KIND.SCOPE.POSITION". */
struct place {
	enum search_match match;
	char kind[32], scope[8];
	int64_t position;
};

/* What may be of a part, by position, where long lists of grams have little in
 * common: walking them once does for every rank. */
struct few {
	struct few_doc {
		int64_t number;
		enum search_match match;
	} * docs;
	size_t n;
	bool is_asked, is_few;
};

struct finding {
	struct search *s;
	struct store *store;
	const struct search_question *question;
	struct search_answer *answer;
	struct words words;
	struct few *few; /* one of each part of the question */
	size_t few_max;
	struct buf match[MATCH__MAX]; /* for FTS5; that of MATCH_WHOLE is empty
				       */
	struct place last; /* the last hit, or where the page before ended */
	struct err *err;
	bool is_full; /* there is one more than was asked for */
	bool is_crossing; /* several lists, all of them long */
};

static enum rc place_read(struct place *p, const char *cursor, struct err *err)
{
	unsigned match;
	int n = 0;

	if (sscanf(cursor, "s1.%1u.%31[a-z0-9_].%7[a-z0-9].%15" SCNd64 "%n",
		   &match, p->kind, p->scope, &p->position, &n) != 4 ||
	    cursor[n] || match >= MATCH__MAX || p->position < 0)
		return err_set(err, RC_INVALID,
			       "the cursor is not the next of an earlier page");
	p->match = (enum search_match)match;
	return RC_OK;
}

/* -- the condition that a question sets to grams -- */

struct terms {
	char text[GRAMS_MAX][24]; /* a mark and three characters, in quotes */
	int64_t count[GRAMS_MAX]; /* records that have it, few_max at most */
	size_t n;
};

static void terms_add(struct terms *t, const char *grams_text)
{
	while (*grams_text && t->n < GRAMS_MAX) {
		size_t n = strcspn(++grams_text, " ");

		snprintf(t->text[t->n++], sizeof(*t->text), "\"%.*s\"", (int)n,
			 grams_text);
		grams_text += n;
	}
}

static enum rc terms_make(struct finding *f, enum search_match rank,
			  struct terms *t)
{
	static const enum gram_of first[] = { [MATCH_BEGINNING] = GRAM_START,
					      [MATCH_NAME] = GRAM_NAME,
					      [MATCH_OTHER] = GRAM_ANY };

	t->n = 0;
	for (size_t i = 0; i < f->words.n; i++) {
		enum gram_of of = i == 0                ? first[rank]
				  : rank == MATCH_OTHER ? GRAM_ANY
							: GRAM_NAME;
		struct buf b;

		buf_init(&b, MATCH_BYTES_MAX);
		grams_of_word(&b, f->words.text[i].data, of);
		buf_put(&b, "", 1);
		if (buf_status(&b, f->err) == RC_OK)
			terms_add(t, b.data);
		buf_release(&b);
	}
	return f->err->code;
}

static enum rc terms_count(struct finding *f, struct terms *t)
{
	struct err why = { 0 };

	for (size_t i = 0; i < t->n && !why.code; i++) {
		struct query *q = query_begin(f->s->db, SQL_SEARCH_GRAM_COUNT);

		query_text(q, 1, t->text[i]);
		query_int(q, 2, (int64_t)f->few_max);
		t->count[i] = query_row(q) ? query_get_int(q, 0) : 0;
		query_end(q, &why);
	}
	return why.code ? index_failed(f->s, &why, f->err) : RC_OK;
}

/* All grams, or the rare ones alone where there are such: walking the list of a
 * gram that every code has costs more than looking at some records too many.
 * What is found is held against the words anyway. */
static enum rc condition_make(struct finding *f, enum search_match rank)
{
	struct buf *b = &f->match[rank];
	struct terms t;
	bool has_rare = false;
	const char *and = "";
	enum rc rc;

	if (b->len)
		return RC_OK; /* made for the part before */
	rc = terms_make(f, rank, &t);
	if (rc == RC_OK)
		rc = terms_count(f, &t);
	for (size_t i = 0; i < t.n && rc == RC_OK; i++)
		has_rare |= t.count[i] < (int64_t)f->few_max;
	if (rank == MATCH_OTHER)
		f->is_crossing = t.n > 1 && !has_rare;
	buf_init(b, MATCH_BYTES_MAX);
	for (size_t i = 0; i < t.n && rc == RC_OK; i++) {
		if (has_rare && t.count[i] == (int64_t)f->few_max)
			continue;
		buf_printf(b, "%s%s", and, t.text[i]);
		and = " AND ";
	}
	buf_put(b, "", 1);
	return rc == RC_OK ? buf_status(b, f->err) : rc;
}

/* -- what is found -- */

/* The record as it stands. An index that is behind or lies finds nothing that
 * is not so. */
static enum rc hit_add(struct finding *f, const struct search_part *part,
		       enum search_match rank, const char *id, int64_t position)
{
	const struct account *actor = f->question->actor;
	struct search_hit hit = { .part = part, .match = rank };
	json_t *record = NULL;
	struct doc d = { 0 };
	bool is_so = false;
	enum rc rc = store_record(f->store, part->scope, part->kind->name, id,
				  &hit.stored, &hit.len, NULL, f->err);

	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc == RC_OK)
		rc = json_read(hit.stored, hit.len, &record, f->err);
	if (rc == RC_OK) {
		doc_make(&d, part->kind, record);
		is_so = buf_status(&d.name, f->err) == RC_OK &&
			buf_status(&d.rest, f->err) == RC_OK &&
			words_match(&f->words, id, d.name.data, d.rest.data) ==
				rank &&
			(!actor || !kind_field(part->kind, "agency") ||
			 account_may_agency(actor, d.agency));
		rc = f->err->code;
		doc_release(&d);
	}
	json_decref(record);
	if (rc == RC_OK && is_so && f->answer->nhits == f->question->limit) {
		f->is_full = true;
	} else if (rc == RC_OK && is_so) {
		snprintf(hit.id, sizeof(hit.id), "%s", id);
		f->answer->hits[f->answer->nhits++] = hit;
		f->last = (struct place){ .match = rank, .position = position };
		snprintf(f->last.kind, sizeof(f->last.kind), "%s",
			 part->kind->name);
		snprintf(f->last.scope, sizeof(f->last.scope), "%s",
			 part->scope);
		return RC_OK;
	}
	free(hit.stored);
	return rc;
}

/* A document of the index that may be a hit: number, id, name, rest, agency. */
static enum rc doc_take(struct finding *f, const struct search_part *part,
			enum search_match rank, struct query *q)
{
	const struct account *actor = f->question->actor;
	const char *id = query_get_text(q, 1);
	int64_t position =
		query_get_int(q, 0) & ((INT64_C(1) << PART_SHIFT) - 1);

	if (words_match(&f->words, id, query_get_text(q, 2),
			query_get_text(q, 3)) != rank ||
	    (actor && !account_may_agency(actor, query_get_text(q, 4))))
		return RC_OK;
	return hit_add(f, part, rank, id, position);
}

/* -- where little may be it -- */

/* The numbers of what has all grams; no more than few_max. */
static enum rc few_list(struct finding *f, struct few *few, int64_t base)
{
	struct query *q;
	struct err why = { 0 };

	few->docs = calloc(f->few_max, sizeof(*few->docs));
	if (!few->docs)
		return err_set(f->err, RC_NOMEM, "out of memory");
	q = query_begin(f->s->db, SQL_SEARCH_GRAM_DOCS);
	query_text(q, 1, f->match[MATCH_OTHER].data);
	query_int(q, 2, base);
	query_int(q, 3, base + ((INT64_C(1) << PART_SHIFT) - 1));
	query_int(q, 4, (int64_t)f->few_max);
	while (few->n < f->few_max && query_row(q))
		few->docs[few->n++].number = query_get_int(q, 0);
	return query_end(q, &why) == RC_OK ? RC_OK
					   : index_failed(f->s, &why, f->err);
}

/* Keep those that have the words, with their rank. */
static enum rc few_rank(struct finding *f, struct few *few)
{
	struct err why = { 0 };
	size_t kept = 0;

	for (size_t i = 0; i < few->n && !why.code; i++) {
		struct query *q = query_begin(f->s->db, SQL_SEARCH_DOC);
		struct few_doc doc = few->docs[i];

		query_int(q, 1, doc.number);
		doc.match = query_row(q) ? words_match(&f->words,
						       query_get_text(q, 1),
						       query_get_text(q, 2),
						       query_get_text(q, 3))
					 : MATCH__MAX;
		query_end(q, &why);
		if (doc.match != MATCH__MAX)
			few->docs[kept++] = doc;
	}
	few->n = kept;
	return why.code ? index_failed(f->s, &why, f->err) : RC_OK;
}

static enum rc few_make(struct finding *f, struct few *few, int64_t base)
{
	enum rc rc;

	few->is_asked = true;
	rc = condition_make(f, MATCH_OTHER);
	if (rc != RC_OK || !f->is_crossing)
		return rc;
	rc = few_list(f, few, base);
	few->is_few = few->n < f->few_max;
	if (rc == RC_OK && few->is_few)
		rc = few_rank(f, few);
	if (!few->is_few || !few->n) {
		free(few->docs);
		few->docs = NULL;
		few->n = 0;
	}
	return rc;
}

static enum rc few_search(struct finding *f, const struct search_part *part,
			  enum search_match rank, int64_t after)
{
	const struct few *few = &f->few[part - f->question->parts];
	struct err why = { 0 };
	enum rc rc = RC_OK;

	for (size_t i = 0; i < few->n && rc == RC_OK && !f->is_full; i++) {
		struct query *q;

		if (few->docs[i].match != rank || few->docs[i].number <= after)
			continue;
		q = query_begin(f->s->db, SQL_SEARCH_DOC);
		query_int(q, 1, few->docs[i].number);
		if (query_row(q))
			rc = doc_take(f, part, rank, q);
		if (query_end(q, &why) != RC_OK)
			return index_failed(f->s, &why, f->err);
	}
	return rc;
}

/* Candidates of one rank in one part, behind a position. */
static enum rc part_search(struct finding *f, const struct search_part *part,
			   enum search_match rank, int64_t after)
{
	struct few *few = &f->few[part - f->question->parts];
	int64_t number, base;
	struct err why = { 0 };
	struct query *q;
	enum rc rc = part_find(f->s, part, &number, NULL, f->err);

	if (rc != RC_OK || !number)
		return rc;
	base = number << PART_SHIFT;
	if (rank != MATCH_WHOLE && !few->is_asked)
		rc = few_make(f, few, base);
	if (rc == RC_OK && rank != MATCH_WHOLE && few->is_few)
		return few_search(f, part, rank, base + after);
	if (rc == RC_OK && rank != MATCH_WHOLE)
		rc = condition_make(f, rank);
	if (rc != RC_OK)
		return rc;
	q = query_begin(f->s->db, rank == MATCH_WHOLE ? SQL_SEARCH_BY_WHOLE
						      : SQL_SEARCH_BY_GRAMS);
	query_text(q, 1,
		   rank == MATCH_WHOLE ? f->words.whole.data
				       : f->match[rank].data);
	query_int(q, 2, base + after);
	query_int(q, 3, base + ((INT64_C(1) << PART_SHIFT) - 1));
	while (rc == RC_OK && !f->is_full && query_row(q))
		rc = doc_take(f, part, rank, q);
	if (query_end(q, &why) != RC_OK)
		return index_failed(f->s, &why, f->err);
	return rc;
}

static bool is_place(const struct place *p, const struct search_part *part)
{
	return !strcmp(p->kind, part->kind->name) &&
	       !strcmp(p->scope, part->scope);
}

static enum rc ranks_search(struct finding *f)
{
	const struct search_question *ask = f->question;
	const struct place from = f->last;
	bool is_behind = !ask->cursor; /* of where the page before ended */
	enum rc rc = RC_OK;

	for (int rank = from.match; rank < MATCH__MAX; rank++)
		for (size_t i = 0;
		     i < ask->nparts && rc == RC_OK && !f->is_full; i++) {
			bool is_there = rank == (int)from.match && !is_behind &&
					is_place(&from, &ask->parts[i]);

			if (!is_behind && !is_there && rank == (int)from.match)
				continue;
			is_behind = true;
			rc = part_search(f, &ask->parts[i],
					 (enum search_match)rank,
					 is_there ? from.position : 0);
		}
	return rc;
}

/* What was read of the index. */
static void reading_release(struct finding *f)
{
	for (size_t i = 0; i < MATCH__MAX; i++)
		buf_release(&f->match[i]);
	for (size_t i = 0; f->few && i < f->question->nparts; i++)
		free(f->few[i].docs);
	free(f->few);
	f->few = NULL;
}

static enum rc find_once(struct finding *f)
{
	const struct search_question *ask = f->question;
	const struct search_work work = { .parts = ask->parts,
					  .nparts = ask->nparts,
					  .most = ask->most };
	struct search_done done;
	enum rc rc = search_update(f->s, f->store, &work, &done, f->err);

	f->answer->is_complete = !done.left;
	f->is_full = false;
	f->few = calloc(ask->nparts + 1, sizeof(*f->few));
	if (!f->few)
		rc = err_set(f->err, RC_NOMEM, "out of memory");
	if (rc == RC_OK && ask->cursor)
		rc = place_read(&f->last, ask->cursor, f->err);
	if (rc == RC_OK)
		rc = ranks_search(f);
	if (rc == RC_OK && f->is_full)
		snprintf(f->answer->next, sizeof(f->answer->next),
			 "s1.%d.%s.%s.%" PRId64, (int)f->last.match,
			 f->last.kind, f->last.scope, f->last.position);
	return rc;
}

enum rc search_find(struct search *s, struct store *store,
		    const struct search_question *question,
		    struct search_answer *answer, struct err *err)
{
	struct finding f = { .s = s,
			     .store = store,
			     .question = question,
			     .answer = answer,
			     .few_max = question->few ? question->few : FEW,
			     .err = err };
	enum rc rc;

	memset(answer, 0, sizeof(*answer));
	s->is_damaged = false;
	rc = words_make(&f.words, question->text, err);
	if (rc == RC_OK)
		rc = find_once(&f);
	if (rc != RC_OK && s->is_damaged) {
		err_clear(err);
		search_answer_release(answer);
		reading_release(&f);
		f.last = (struct place){ 0 };
		rc = search_forget(s, store, err);
		if (rc == RC_OK)
			rc = find_once(&f);
	}
	words_release(&f.words);
	reading_release(&f);
	return rc;
}

void search_answer_release(struct search_answer *answer)
{
	for (size_t i = 0; i < answer->nhits; i++)
		free(answer->hits[i].stored);
	memset(answer, 0, sizeof(*answer));
}
