/* domain/entry.h - what the office says about one record, read, checked and
 * laid over what stands: the same for `hufud set` and for imports.
 *
 * What is odd but no reason to refuse it is a remark, and stands in the
 * record's field `flags` as long as its cause does. */
#ifndef DOMAIN_ENTRY_H
#define DOMAIN_ENTRY_H

#include "ledger/ledger.h"

/* What is odd about an entry that goes in all the same. */
struct entry_remark {
	const char *flag; /* joins the record's `flags`; NULL: told only */
	const char *what; /* counted under this name */
};

/* A wrong check character is the register's mistake: codes that fail were
 * issued. */
extern const struct entry_remark entry_wrong_check, entry_wrong_inner;
/* A visit of a type that its kind file says is no check. */
extern const struct entry_remark entry_no_check;

/* A text of a file had characters that nobody sees, and lost them. */
extern const struct entry_remark entry_cleaned;

#define ENTRY_REMARKS_MAX 8 /* of one entry */

/* What one entry says. All but `taken` is borrowed. */
struct entry_fact {
	const char *id;
	/* Fields, and `town`, to be set; JSON null clears. */
	const json_t *given;
	const json_t *first; /* set only where the record is new; or NULL */
	const struct entry_remark *remarks[ENTRY_REMARKS_MAX]; /* or NULL */
	/* Whose flags this entry decides, NULL-ended, or NULL: a flag that it
	 * does not earn any more is taken off. */
	const struct entry_remark *const *own;
	bool taken; /* out, of an import: it was not refused yet */
};

/* Which towns of a scope there are; zeroed at the beginning. One scope each. */
struct entry_towns {
	bool asked, are_loaded;
	unsigned char known[1000]; /* 0: not asked yet, 1: there is, 2: not */
};

/* One more remark; there is room for all that an entry can earn. */
void entry_note(struct entry_fact *fact, const struct entry_remark *remark);

/* Has the text no control character but tab and line ends, and no mark that
 * turns the direction of what follows? */
bool entry_is_plain(const char *text);
/* The same of all texts in a value: of a set, or of JSON. */
bool entry_all_plain(const json_t *value);
/* Take such characters out of the texts and sets given, with a remark; a text
 * that stands as it is given stays. */
enum rc entry_clean(const struct kind *k, json_t *given, const json_t *standing,
		    struct entry_fact *fact, struct err *err);

/* As convert_value; a reference may be written as the credit code is. */
enum rc entry_value(const struct field *f, const char *text, json_t **out,
		    struct err *err);
/* A credit code of 18 characters, in capitals or not, becomes the id of its
 * subject; any other text stays. */
void entry_lower_code(char *text);

/* May the office write such records? RC_DENIED says how those that a job makes
 * come about instead. RC_INVALID for NULL. */
enum rc entry_kind(const struct kind *k, struct err *err);

/* Check what is given, and complete it: a credit code is put in capitals, and
 * a registration number that stands in its place into its own field; an
 * industry is a code of GB/T 4754; a town is one that the divisions of the
 * scope have or had, where such are loaded. RC_INVALID says what it is not. */
enum rc entry_check(struct op *op, const char *scope, const struct kind *k,
		    struct entry_towns *towns, json_t *given,
		    struct entry_fact *fact, struct err *why);

/* A remark where another subject of the scope than fact->id has the credit code
 * that is given; the server flags both. */
enum rc entry_shared(struct op *op, const char *scope, const struct kind *k,
		     struct entry_fact *fact, struct err *why);
/* The subject that a credit code means: whoever has it, and where nobody does
 * the id that follows from it. RC_INVALID names those who have it where they
 * are several. */
enum rc entry_holder(struct op *op, const char *scope, const char *code,
		     char id[33], struct err *why);

/* What the record is to be: what stands (NULL: nothing), the facts over it, and
 * the flags that it earned; none that are given. A new reference, or NULL when
 * memory ran out. */
json_t *entry_record(const struct kind *k, const char *scope,
		     const struct entry_fact *fact, const json_t *standing);

/* Are other flags given than the record, as it is to be, has by itself? They
 * are laid over it: then they are the actor's word, and the kind says who may
 * write them. Otherwise it is marked: office_record. */
bool entry_claims(const struct kind *k, const struct entry_fact *fact,
		  json_t *record);

/* All of it for one record that somebody enters by itself: `given` is tidied (a
 * text without the white space around it; an empty one clears its field),
 * checked, completed and laid over what stands. fact->given is borrowed until
 * then. *record is a new reference, *is_marked as !entry_claims. RC_INVALID
 * says what it is not. */
enum rc entry_make(struct op *op, const char *scope, const struct kind *k,
		   json_t *given, struct entry_fact *fact,
		   const json_t *standing, json_t **record, bool *is_marked,
		   struct err *why);

#endif
