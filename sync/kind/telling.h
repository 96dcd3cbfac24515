/* kind/telling.h - a conflict in sentences: what each side wrote, what the rule
 * did with it, what a person decided. In English or Chinese, with the labels of
 * the record's kind. */
#ifndef KIND_TELLING_H
#define KIND_TELLING_H

#include "base/buf.h"
#include "kind/kind.h"

struct telling {
	const struct kind *kind; /* of the record, or NULL: not known */
	const json_t *conflict; /* its record in plain form */
	const char *me; /* who reads it, or NULL */
	const char *author, *server_author; /* what people call them, or NULL */
	bool in_chinese;
};

/* Sentences, one a line, each ended by LF. */
void telling_write(struct buf *out, const struct telling *t);
/* Does the environment (LC_ALL, LC_MESSAGES, LANG) ask for Chinese? */
bool telling_is_chinese(void);

/* How many decisions there were: 0 while it was never decided. */
size_t conflict_decisions(const json_t *conflict);
/* Has `who` accepted what stands by the last decision, or meanwhile? */
bool conflict_is_accepted(const json_t *conflict, const char *who);
/* What accepting it now adds to the field `accepted_by`. */
#define CONFLICT_ACCEPTED_SIZE 64
void conflict_acceptance(char out[CONFLICT_ACCEPTED_SIZE],
			 const json_t *conflict, const char *who);

#endif
