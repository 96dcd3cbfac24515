/* lives_rows.c - what one row of each LIVES file becomes. */
#include "domain/lives.h"

#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "kind/marks.h"

#define SOURCE_ID_MAX 400

/* What a field's absence tells needs no flag. */
static const struct entry_remark no_coordinates = { NULL,
						    "without coordinates" };
static const struct entry_remark no_score = { NULL, "without score" };
static const struct entry_remark repeated = { "repeat", "repeated" };
static const struct entry_remark no_inspection = { "no_inspection",
						   "without an inspection" };

/* `state` and the source hold for new records; what the office makes of them
 * later stands. */
static enum rc put(struct lives *l, const struct lives_file *file,
		   const char *source_id, const char *state,
		   struct entry_fact *fact)
{
	json_t *given = (json_t *)(uintptr_t)fact->given;
	json_t *first =
		json_pack("{s:s, s:s*}", "source", l->source, "state", state);
	enum rc rc;

	fact->first = first;
	fact->own = file->remarks;
	if (l->row->converted)
		entry_note(fact, &lives_latin1);
	if (!first ||
	    json_object_set_new(given, "source_id", json_string(source_id)))
		rc = err_set(l->op->err, RC_NOMEM, "out of memory");
	else
		rc = batch_put(&l->batch, l->row, fact);
	json_decref(first);
	return rc;
}

/* "#2" and so on behind the key of what is not the first of its key. */
static enum rc make_source_id(char out[SOURCE_ID_MAX], const char *const *parts,
			      uint32_t n, struct err *why)
{
	size_t len = 0;

	for (size_t i = 0; parts[i]; i++)
		len += (size_t)snprintf(
			out + len,
			len < SOURCE_ID_MAX ? SOURCE_ID_MAX - len : 0, "%s%s",
			i ? ":" : "", parts[i]);
	if (n > 1 && len < SOURCE_ID_MAX)
		len += (size_t)snprintf(out + len, SOURCE_ID_MAX - len, "#%u",
					n);
	if (len >= SOURCE_ID_MAX)
		return err_set(why, RC_INVALID, "the key is too long");
	return RC_OK;
}

enum {
	B_ID,
	B_NAME,
	B_ADDRESS,
	B_CITY,
	B_STATE,
	B_POSTAL,
	B_LATITUDE,
	B_LONGITUDE,
	B_PHONE
};

/* 1200 VAN NESS AVE, San Francisco, CA 94109: a subject has one address. */
static enum rc set_address(struct lives *l, json_t *given, struct err *why)
{
	struct buf out;
	enum rc rc;

	buf_init(&out, CSV_RECORD_MAX * 2);
	for (int i = B_ADDRESS; i <= B_POSTAL; i++) {
		const char *p = lives_cell(l, i);
		size_t n = strlen(p);

		while (n > 0 && *p == ' ') {
			p++;
			n--;
		}
		while (n > 0 && p[n - 1] == ' ')
			n--;
		if (n > 0 && out.len > 0)
			buf_puts(&out, i == B_POSTAL ? " " : ", ");
		buf_put(&out, p, n);
	}
	rc = buf_status(&out, why);
	if (rc == RC_OK)
		rc = lives_set(l, given, "address", out.data ? out.data : "",
			       why);
	buf_release(&out);
	return rc;
}

/* Half a position, and the point 0, 0 in the sea, are no coordinates. */
static enum rc set_position(struct lives *l, json_t *given,
			    struct entry_fact *fact, struct err *why)
{
	enum rc rc =
		lives_set(l, given, "latitude", lives_cell(l, B_LATITUDE), why);

	if (rc == RC_OK)
		rc = lives_set(l, given, "longitude",
			       lives_cell(l, B_LONGITUDE), why);
	if (rc != RC_OK)
		return rc;
	if (json_int(given, "latitude", 0) != 0 &&
	    json_int(given, "longitude", 0) != 0)
		return RC_OK;
	entry_note(fact, &no_coordinates);
	json_object_set_new(given, "latitude", json_null());
	json_object_set_new(given, "longitude", json_null());
	return RC_OK;
}

static enum rc take_business(struct lives *l, json_t *given, struct err *why)
{
	const char *business = lives_cell(l, B_ID);
	char id[21];
	struct entry_fact fact = { .id = id, .given = given };
	enum rc rc;

	if (!*business || strlen(business) >= SOURCE_ID_MAX)
		return err_set(why, RC_INVALID, "business_id is %s",
			       *business ? "too long" : "empty");
	rc = lives_set(l, given, "name", lives_cell(l, B_NAME), why);
	if (rc == RC_OK)
		rc = set_address(l, given, why);
	if (rc == RC_OK)
		rc = lives_set(l, given, "phone", lives_cell(l, B_PHONE), why);
	if (rc == RC_OK)
		rc = set_position(l, given, &fact, why);
	if (rc != RC_OK)
		return rc;
	lives_id(l, "subject", business, id);
	return put(l, &lives_businesses, business, "in_business", &fact);
}

enum { I_BUSINESS, I_DATE, I_SCORE, I_TYPE, I_DESCRIPTION };

/* A site under construction, a new owner, papers: such a visit finds out what
 * there is to check, and is no check. Each city has its own list of types; the
 * kind file has the words. */
static bool is_no_check(const struct lives *l)
{
	const struct field *type = kind_field(l->batch.kind, "visit_type");

	return type && marks_earned(type, lives_cell(l, I_TYPE));
}

/* Remember which inspection a violation of this day belongs to. */
static enum rc remember(struct lives *l, const char *business, const char *day,
			const char *id, bool scored)
{
	const char *parts[] = { "day", business, day, NULL };
	struct seen_slot *slot;
	enum rc rc = seen_at(&l->known, seen_key(parts), &slot, l->op->err);

	if (rc != RC_OK || (slot->n > 0 && (slot->marked || !scored)))
		return rc;
	slot->n = 1;
	slot->marked = scored;
	hex_decode(slot->id, sizeof(slot->id), id, 20);
	return RC_OK;
}

static enum rc set_day(struct lives *l, json_t *given, const char *field,
		       const char *text, const char **day, struct err *why)
{
	enum rc rc = lives_set(l, given, field, text, why);

	if (rc != RC_OK)
		return rc;
	*day = json_text(given, field);
	return *day ? RC_OK : err_set(why, RC_INVALID, "date is empty");
}

static enum rc take_inspection(struct lives *l, json_t *given, struct err *why)
{
	const char *business = lives_cell(l, I_BUSINESS), *day = NULL;
	char source_id[SOURCE_ID_MAX], id[21];
	uint32_t n = 0;
	bool scored;
	struct entry_fact fact = { .id = id, .given = given };
	enum rc rc = lives_subject(l, given, why);

	if (rc == RC_OK)
		rc = set_day(l, given, "visited_on", lives_cell(l, I_DATE),
			     &day, why);
	if (rc == RC_OK)
		rc = lives_set(l, given, "visit_type", lives_cell(l, I_TYPE),
			       why);
	if (rc == RC_OK)
		rc = lives_set(l, given, "score", lives_cell(l, I_SCORE), why);
	if (rc == RC_OK && l->columns[I_DESCRIPTION] != SIZE_MAX)
		rc = lives_set(l, given, "summary",
			       lives_cell(l, I_DESCRIPTION), why);
	if (rc == RC_OK) {
		const char *key[] = { business, day, lives_cell(l, I_TYPE),
				      NULL };
		const char *parts[] = { "visit", business, day, key[2], NULL };

		rc = lives_ordinal(l, parts, &n, l->op->err);
		if (rc == RC_OK)
			rc = make_source_id(source_id, key, n, why);
	}
	if (rc != RC_OK)
		return rc;
	scored = json_is_integer(json_object_get(given, "score"));
	lives_id(l, "visit", source_id, id);
	if (n > 1)
		entry_note(&fact, &repeated);
	if (!scored)
		entry_note(&fact, &no_score);
	if (is_no_check(l))
		entry_note(&fact, &entry_no_check);
	rc = put(l, &lives_inspections, source_id, "recorded", &fact);
	if (rc != RC_OK || !fact.taken)
		return rc;
	return remember(l, business, day, id, scored);
}

enum { V_BUSINESS, V_DATE, V_CODE, V_RISK, V_DESCRIPTION };

static const char *severity_of(const char *risk)
{
	static const struct {
		const char *word, *severity;
	} all[] = { { "low", "low" },
		    { "mod", "moderate" },
		    { "med", "moderate" },
		    { "high", "high" } };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		size_t at = 0;

		while (all[i].word[at] && (risk[at] | 0x20) == all[i].word[at])
			at++;
		if (!all[i].word[at])
			return all[i].severity;
	}
	return *risk ? "unknown" : "";
}

/* The inspection of the day, or none: the visit stays absent then. */
static enum rc set_visit(struct lives *l, json_t *given, const char *day,
			 bool *found, struct err *why)
{
	const char *parts[] = { "day", lives_cell(l, V_BUSINESS), day, NULL };
	const struct seen_slot *slot = seen_find(&l->known, seen_key(parts));
	char id[21];

	*found = slot != NULL;
	if (!slot)
		return RC_OK;
	hex_encode(id, slot->id, sizeof(slot->id));
	return lives_set(l, given, "visit", id, why);
}

/* Repeats are whole rows; two findings of one code on one day are two. */
static enum rc violation_key(struct lives *l, const char *day,
			     char source_id[SOURCE_ID_MAX], bool *is_repeat,
			     struct err *why)
{
	const char *business = lives_cell(l, V_BUSINESS);
	const char *code = lives_cell(l, V_CODE);
	const char *key[] = { business, day, code, NULL };
	const char *found[] = { "violation", business, day, code, NULL };
	const char *row[] = { "row",
			      business,
			      day,
			      code,
			      lives_cell(l, V_RISK),
			      lives_cell(l, V_DESCRIPTION),
			      NULL };
	uint32_t n, rows;
	enum rc rc = lives_ordinal(l, found, &n, l->op->err);

	if (rc == RC_OK)
		rc = lives_ordinal(l, row, &rows, l->op->err);
	if (rc != RC_OK)
		return rc;
	*is_repeat = rows > 1;
	return make_source_id(source_id, key, n, why);
}

static enum rc take_violation(struct lives *l, json_t *given, struct err *why)
{
	char source_id[SOURCE_ID_MAX], id[21];
	bool found = false, is_repeat = false;
	const char *day = NULL;
	struct entry_fact fact = { .id = id, .given = given };
	enum rc rc = lives_subject(l, given, why);

	if (rc == RC_OK)
		rc = set_day(l, given, "found_on", lives_cell(l, V_DATE), &day,
			     why);
	if (rc == RC_OK)
		rc = lives_set(l, given, "code", lives_cell(l, V_CODE), why);
	if (rc == RC_OK)
		rc = lives_set(l, given, "severity",
			       severity_of(lives_cell(l, V_RISK)), why);
	if (rc == RC_OK)
		rc = lives_set(l, given, "description",
			       lives_cell(l, V_DESCRIPTION), why);
	if (rc == RC_OK)
		rc = set_visit(l, given, day, &found, why);
	if (rc == RC_OK)
		rc = violation_key(l, day, source_id, &is_repeat, why);
	if (rc != RC_OK)
		return rc;
	lives_id(l, "violation", source_id, id);
	if (is_repeat)
		entry_note(&fact, &repeated);
	if (!found)
		entry_note(&fact, &no_inspection);
	return put(l, &lives_violations, source_id, NULL, &fact);
}

const struct lives_file lives_businesses = {
	.name = "businesses.csv",
	.kind = "subject",
	.columns = { [B_ID] = { "business_id", true },
		     [B_NAME] = { "name", true },
		     [B_ADDRESS] = { "address", false },
		     [B_CITY] = { "city", false },
		     [B_STATE] = { "state", false },
		     [B_POSTAL] = { "postal_code", false },
		     [B_LATITUDE] = { "latitude", false },
		     [B_LONGITUDE] = { "longitude", false },
		     [B_PHONE] = { "phone_number", false } },
	.remarks = { &no_coordinates, &lives_latin1 },
	.take = take_business,
};

const struct lives_file lives_inspections = {
	.name = "inspections.csv",
	.kind = "visit",
	.columns = { [I_BUSINESS] = { "business_id", true },
		     [I_DATE] = { "date", true },
		     [I_SCORE] = { "score", false },
		     [I_TYPE] = { "type", false },
		     [I_DESCRIPTION] = { "description", false } },
	.remarks = { &repeated, &no_score, &entry_no_check, &lives_latin1 },
	.take = take_inspection,
};

const struct lives_file lives_violations = {
	.name = "violations.csv",
	.kind = "violation",
	.columns = { [V_BUSINESS] = { "business_id", true },
		     [V_DATE] = { "date", true },
		     [V_CODE] = { "ViolationTypeID|code|violation_code",
				  false },
		     [V_RISK] = { "risk_category", false },
		     [V_DESCRIPTION] = { "description", false } },
	.is_optional = true,
	.remarks = { &repeated, &no_inspection, &lives_latin1 },
	.take = take_violation,
};
