/* merge/merge.h - the three-way merge of one record: a pure function of three
 * inputs. docs/protocol.md section 8 states the rules.
 *
 * The sides are base, terminal and server: whole records as JSON objects, NULL
 * where a side has none. The same inputs give the same bytes wherever they are
 * merged; unknown fields survive. */
#ifndef MERGE_MERGE_H
#define MERGE_MERGE_H

#include "kind/kind.h"

/* One group on which both sides moved apart and no rule decided. Values are
 * objects {field: value} of the group's fields, absent fields left out. `rule`
 * is the word of the rule that asks, or the flag of the table's cell; "frozen"
 * where the other side had signed. */
struct merge_conflict {
	const char *group; /* borrowed from the kind or the record's key */
	const char *rule; /* borrowed from the kind, or static */
	json_t *base, *terminal, *server, *standing; /* owned */
};

struct merge_result {
	json_t *record; /* what stands; owned */
	bool merged; /* both sides contributed: it is neither the terminal's
		      * nor the server's record */
	size_t nconflicts;
	struct merge_conflict *conflicts; /* owned */
};

/* `by`: the names by which the terminal's author goes, an array of texts, for
 * fields that have an owner; NULL: the server itself, who may write for
 * anybody. `k` may be NULL (an unknown kind: every field by the default rule).
 * base NULL with terminal and server present and different is RC_CONFLICT (id
 * taken); terminal NULL is RC_INVALID (nothing is deleted); server NULL with
 * base present means the record left this scope: RC_NOT_FOUND. */
enum rc merge_record(const struct kind *k, const json_t *base,
		     const json_t *terminal, const json_t *server,
		     const json_t *by, struct merge_result *out,
		     struct err *err);
void merge_release(struct merge_result *r);

/* protocol.md 8: the id of a conflict record. */
void conflict_id(char out[33], const char *kind, const char *id,
		 const char *group, const char *first_packet_hex);

#endif
