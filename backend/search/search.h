/* search/search.h - records by a fragment of their name, code or address.
 *
 * Kinds declare which fields are searched (`search` in the kind file). The
 * index is a database of its own, DIR/search.db: a cache of the log, brought up
 * to date by position, thrown away and made anew when it is missing, damaged,
 * of another version, of another epoch or ahead of the log. Writers pay
 * nothing. What is found is read from the log and held against the words once
 * more, so that an index that lies hides a record at worst.
 *
 * A question is one or more words, divided by white space; a record has all of
 * them, each as a fragment of a searched field. Text is folded before
 * (search/fold.h). First come records of which the question is a whole field or
 * the id, then those whose name begins with the first word, then those with all
 * words in the name, then the others; within these by kind, scope and the
 * position of their last change.
 *
 * A handle belongs to one thread at a time; each opens its own. */
#ifndef SEARCH_SEARCH_H
#define SEARCH_SEARCH_H

#include "store/store.h"

struct search;

/* Open or make the index of the store's folder. */
enum rc search_open(struct search **out, struct store *store, struct err *err);
void search_close(struct search *s);

/* Records of one kind in one scope. `scope` is borrowed for the call. */
struct search_part {
	const char *scope;
	const struct kind *kind;
};
/* Every part that there is and `may` lets through (NULL: all), malloc'd; their
 * scopes are in *scopes, malloc'd too. */
typedef bool search_may(void *ctx, const struct search_part *part);
enum rc search_parts(struct store *store, search_may *may, void *ctx,
		     struct search_part **out, size_t *n, char **scopes,
		     struct err *err);

/* Take in what the log has for these parts and the index has not, at most
 * `most` records (-1: all), a few thousand in a transaction; *left says whether
 * something remains. Between two transactions `stop` is asked (may be NULL).
 * Another who is at it is not waited for when `most` is not -1. */
struct search_work {
	const struct search_part *parts;
	size_t nparts;
	int64_t most;
	bool (*stop)(void *ctx);
	void *ctx;
};
struct search_done {
	int64_t records; /* taken in */
	bool left;
};
enum rc search_update(struct search *s, struct store *store,
		      const struct search_work *work, struct search_done *done,
		      struct err *err);
/* Read all of the file; what is damaged is thrown away. It takes as long as
 * reading takes. */
enum rc search_check(struct search *s, struct store *store, struct err *err);
/* Throw the index away; the next update makes it anew. */
enum rc search_forget(struct search *s, struct store *store, struct err *err);

/* Where the index of one part stands. */
struct search_state {
	int64_t records, seen, head; /* positions of the log */
};
enum rc search_state(struct search *s, struct store *store,
		     const struct search_part *part, struct search_state *out,
		     struct err *err);

enum search_match {
	MATCH_WHOLE,
	MATCH_BEGINNING,
	MATCH_NAME,
	MATCH_OTHER,
	MATCH__MAX
};
/* "whole", "beginning", "name", "other" */
const char *search_match_name(enum search_match match);

struct search_hit {
	const struct search_part *part; /* borrowed from the question */
	enum search_match match;
	char id[33];
	char *stored; /* canonical text, owned */
	size_t len;
};

#define SEARCH_HITS_MAX 100
#define SEARCH_CURSOR_SIZE 96

struct search_question {
	const char *text;
	const struct search_part *parts; /* where the asker may look */
	size_t nparts;
	const struct account *actor; /* for which agencies; NULL: all */
	size_t limit; /* at most SEARCH_HITS_MAX */
	const char *cursor; /* of the page before, or NULL */
	int64_t most; /* as of search_update */
	size_t few; /* so many candidates of a part are ranked one by one, more
		     * are walked rank by rank; 0: as many as is quick. The
		     * answer is the same. */
};
struct search_answer {
	struct search_hit hits[SEARCH_HITS_MAX];
	size_t nhits;
	char next[SEARCH_CURSOR_SIZE]; /* "" at the end */
	bool is_complete; /* the index had all that the log has */
};
/* RC_INVALID where the text has neither letter nor digit, or no cursor is like
 * that. Release the answer in any case. */
enum rc search_find(struct search *s, struct store *store,
		    const struct search_question *question,
		    struct search_answer *answer, struct err *err);
void search_answer_release(struct search_answer *answer);

#endif
