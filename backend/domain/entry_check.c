/* entry_check.c - what an entry must be, beside what its kind's file says. */
#include "domain/entry.h"

#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "domain/uscc.h"
#include "kind/fsm.h"
#include "sql_store.gen.h"

#define REGISTRATION_DIGITS 15

const struct entry_remark entry_wrong_check = {
	"uscc_check", "credit codes with a wrong check character"
};
const struct entry_remark entry_wrong_inner = {
	"uscc_inner", "credit codes whose organisation code fails its own check"
};

const struct entry_remark entry_no_check = { "not_counted",
					     "visits that are no check" };

/* Registers that have one column for both put the number of a time before
 * credit codes where the code stands. */
static bool is_registration_no(const char *text)
{
	return strlen(text) == REGISTRATION_DIGITS &&
	       strspn(text, "0123456789") == REGISTRATION_DIGITS;
}

static enum rc check_code(const struct kind *k, json_t *given,
			  struct entry_fact *fact, struct err *why)
{
	const char *text = json_text(given, "uscc");
	char code[USCC_CHARS + 1];
	int bad;

	if (!text)
		return RC_OK;
	if (kind_field(k, "registration_no") && is_registration_no(text)) {
		bad = json_object_set_new(given, "registration_no",
					  json_string(text));
		bad |= json_object_set_new(given, "uscc", json_null());
		return bad ? err_set(why, RC_NOMEM, "out of memory") : RC_OK;
	}
	/* The last of the 18 is the check itself: whatever it is, it is wrong.
	 */
	if (!uscc_normalise(code, text, strlen(text)) ||
	    !uscc_check_character(code))
		return uscc_check(text, why);
	if (!uscc_is_valid(code))
		entry_note(fact, &entry_wrong_check);
	if (!uscc_inner_is_valid(code))
		entry_note(fact, &entry_wrong_inner);
	if (json_object_set_new(given, "uscc", json_string(code)) != 0)
		return err_set(why, RC_NOMEM, "out of memory");
	return RC_OK;
}

/* GB/T 4754: a section from A to T, and up to four digits of its classes;
 * registers write either without the other. */
static enum rc check_industry(const json_t *given, struct err *why)
{
	const char *text = json_text(given, "industry"), *digits = text;

	if (!text)
		return RC_OK;
	if (*digits >= 'A' && *digits <= 'T')
		digits++;
	if (*text && strlen(digits) <= 4 &&
	    strspn(digits, "0123456789") == strlen(digits))
		return RC_OK;
	return err_set(why, RC_INVALID,
		       "industry '%.40s' is no code of GB/T 4754 like 6210 or "
		       "H6210",
		       text);
}

static enum rc ask(struct op *op, const char *from, const char *below,
		   bool *found, struct err *why)
{
	struct query *q = query_begin(op->store->db, SQL_DIVISION_BETWEEN);

	query_text(q, 1, from);
	query_text(q, 2, below);
	*found = query_row(q);
	return query_end(q, why);
}

static enum rc ask_town(struct op *op, const char *scope, const char *town,
			struct entry_towns *towns, unsigned char *known,
			struct err *why)
{
	char from[16], below[16];
	bool found = true;
	enum rc rc = RC_OK;

	if (!towns->asked) {
		snprintf(from, sizeof(from), "%s001", scope);
		snprintf(below, sizeof(below), "%sA", scope);
		rc = ask(op, from, below, &towns->are_loaded, why);
		towns->asked = rc == RC_OK;
	}
	if (rc == RC_OK && towns->are_loaded) {
		snprintf(from, sizeof(from), "%s%s000", scope, town);
		snprintf(below, sizeof(below), "%s%s001", scope, town);
		rc = ask(op, from, below, &found, why);
	}
	if (rc == RC_OK)
		*known = found ? 1 : 2;
	return rc;
}

/* A town that was abolished keeps its records: it counts whenever it held. */
static enum rc check_town(struct op *op, const char *scope,
			  struct entry_towns *towns, const json_t *given,
			  struct err *why)
{
	const char *town = json_text(given, "town");
	unsigned char *known;
	enum rc rc;

	/* What is no town at all is for the kind's rules to say. */
	if (!town || !name_is_town(town) || !strcmp(town, "000") ||
	    !strcmp(scope, "catalog"))
		return RC_OK;
	known = &towns->known[(town[0] - '0') * 100 + (town[1] - '0') * 10 +
			      (town[2] - '0')];
	rc = *known ? RC_OK : ask_town(op, scope, town, towns, known, why);
	if (rc != RC_OK || *known == 1)
		return rc;
	return err_set(why, RC_INVALID,
		       "there is no town '%s' among the divisions of scope %s",
		       town, scope);
}

enum rc entry_check(struct op *op, const char *scope, const struct kind *k,
		    struct entry_towns *towns, json_t *given,
		    struct entry_fact *fact, struct err *why)
{
	enum rc rc = check_code(k, given, fact, why);

	if (rc == RC_OK && !strcmp(k->name, "subject"))
		rc = check_industry(given, why);
	return rc == RC_OK ? check_town(op, scope, towns, given, why) : rc;
}

/* Do people move it from state to state, whoever makes it? */
static bool has_moves(const struct kind *k)
{
	for (size_t i = 0; k->fsm && i < k->fsm->nmoves; i++)
		if (k->fsm->moves[i].by & ~(unsigned)ROLES_OF_NOBODY)
			return true;
	return false;
}

enum rc entry_kind(const struct kind *k, struct err *err)
{
	static const struct {
		const char *kind, *how;
	} made[] = {
		{ "rating", "computed by 'hufud rate'" },
		{ "draw", "made and changed by 'hufud draw'" },
		{ "conflict", "made by merges and decided by 'hufud conflicts "
			      "decide'" },
		{ "conflict_private", "made by merges and decided by 'hufud "
				      "conflicts decide'" },
		{ "enrolment", "made by 'hufu enroll' with a code of 'hufud "
			       "terminal code'" },
	};
	const char *how = "written by the server alone";

	if (!k)
		return err_set(err, RC_INVALID, "there is no such kind");
	if (k->writers & ~(unsigned)ROLES_OF_NOBODY || has_moves(k))
		return RC_OK;
	for (size_t i = 0; i < sizeof(made) / sizeof(*made); i++)
		if (!strcmp(made[i].kind, k->name))
			how = made[i].how;
	return err_set(err, RC_DENIED,
		       "records of kind '%s' are %s, and not set", k->name,
		       how);
}
