/* lives_rows.c - what one row of each LIVES file becomes. */
#include "domain/lives.h"

#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "domain/convert.h"
#include "kind/marks.h"
#include "sql_store.gen.h"

#define SOURCE_ID_MAX 400

/* What a field's absence tells needs no flag. */
static const struct entry_remark no_coordinates = { NULL,
						    "without coordinates" };
static const struct entry_remark no_score = { NULL, "without score" };
/* The cell is dropped, and the row kept. */
static const struct entry_remark no_place = { "position_unread",
					      "coordinates that are no place" };
static const struct entry_remark no_number = {
	"score_unread", "scores that are no number from 0 to 100"
};
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
		entry_note(fact, &l->converted);
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

static bool is_within(const struct field *f, json_int_t v)
{
	return (!f->least || v >= json_integer_value(f->least)) &&
	       (!f->most || v <= json_integer_value(f->most));
}

/* What the field cannot be is no value; the answer is whether it is one, or
 * empty. */
static bool set_or_drop(struct lives *l, json_t *given, const char *name,
			const char *text)
{
	const struct field *f = kind_field(l->batch.kind, name);
	struct err ignored = { 0 };
	json_t *value = NULL;
	bool good;

	if (!f)
		return true;
	good = convert_value(f, text, &value, &ignored) == RC_OK &&
	       (!json_is_integer(value) ||
		is_within(f, json_integer_value(value)));
	if (!good) {
		json_decref(value);
		value = NULL;
	}
	json_object_set_new(given, name, value ? value : json_null());
	return good;
}

/* Half a position, what is none on earth, and the point 0, 0 in the sea, are no
 * coordinates. */
static void set_position(struct lives *l, json_t *given,
			 struct entry_fact *fact)
{
	const char *latitude = lives_cell(l, B_LATITUDE);
	const char *longitude = lives_cell(l, B_LONGITUDE);
	bool good = set_or_drop(l, given, "latitude", latitude);

	good = set_or_drop(l, given, "longitude", longitude) && good;
	if (good && json_int(given, "latitude", 0) != 0 &&
	    json_int(given, "longitude", 0) != 0)
		return;
	if (*latitude || *longitude)
		entry_note(fact, &no_place);
	entry_note(fact, &no_coordinates);
	json_object_set_new(given, "latitude", json_null());
	json_object_set_new(given, "longitude", json_null());
}

static bool key_of_business(const struct lives *l, uint64_t *key,
			    uint64_t *content)
{
	const char *keys[] = { lives_cell(l, B_ID), NULL };
	const char *rest[] = { lives_cell(l, B_NAME),
			       lives_cell(l, B_ADDRESS),
			       lives_cell(l, B_CITY),
			       lives_cell(l, B_STATE),
			       lives_cell(l, B_POSTAL),
			       lives_cell(l, B_LATITUDE),
			       lives_cell(l, B_LONGITUDE),
			       lives_cell(l, B_PHONE),
			       NULL };

	*key = seen_key(keys);
	*content = seen_key(rest);
	return **keys;
}

static enum rc take_business(struct lives *l, json_t *given, struct err *why)
{
	const char *business = lives_cell(l, B_ID);
	char id[21];
	struct entry_fact fact = { .id = id, .given = given };
	uint32_t copy;
	enum rc rc;

	if (!*business || strlen(business) >= SOURCE_ID_MAX)
		return err_set(why, RC_INVALID, "business_id is %s",
			       *business ? "too long" : "empty");
	if (lives_number(l, &copy) > 1)
		return err_set(
			why, RC_INVALID,
			"business '%.40s' stands more than once: another "
			"of its rows is taken",
			business);
	rc = lives_set(l, given, "name", lives_cell(l, B_NAME), why);
	if (rc == RC_OK)
		rc = set_address(l, given, why);
	if (rc == RC_OK)
		rc = lives_set(l, given, "phone", lives_cell(l, B_PHONE), why);
	if (rc != RC_OK)
		return rc;
	set_position(l, given, &fact);
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

	return type &&
	       marks_earn(type, lives_cell(l, I_TYPE), entry_no_check.flag);
}

/* A date of the file as a day, or false. */
static bool read_day(const char *text, char day[11])
{
	static const struct field date = { .name = "date", .type = FIELD_DATE };
	struct err ignored = { 0 };
	json_t *value = NULL;
	bool good = convert_value(&date, text, &value, &ignored) == RC_OK;

	good = good && json_is_string(value);
	if (good)
		snprintf(day, 11, "%s", json_string_value(value));
	json_decref(value);
	return good;
}

/* Of one business, day and type the one with a score is the first. */
static bool key_of_inspection(const struct lives *l, uint64_t *key,
			      uint64_t *content)
{
	const char *score = lives_cell(l, I_SCORE);
	const char *rest[] = { score, lives_cell(l, I_DESCRIPTION), NULL };
	char day[11];
	const char *keys[] = { lives_cell(l, I_BUSINESS), day,
			       lives_cell(l, I_TYPE), NULL };

	if (!read_day(lives_cell(l, I_DATE), day))
		return false;
	*key = seen_key(keys);
	*content = seen_key(rest) >> 1 | (uint64_t) !*score << 63;
	return true;
}

/* Remember which inspection a violation of this day belongs to, whatever the
 * order of the rows: the one of the highest rank, and of these the smallest id.
 */
static enum rc remember(struct lives *l, const char *day, const char *id,
			bool scored, bool is_check)
{
	const char *parts[] = { "day", lives_cell(l, I_BUSINESS), day, NULL };
	uint32_t rank = 1 + 2 * (uint32_t)scored + is_check;
	unsigned char bytes[10];
	struct seen_slot *slot;
	enum rc rc = seen_at(&l->known, seen_key(parts), &slot, l->op->err);

	hex_decode(bytes, sizeof(bytes), id, 20);
	if (rc != RC_OK || slot->n > rank ||
	    (slot->n == rank && memcmp(slot->id, bytes, sizeof(bytes)) <= 0))
		return rc;
	slot->n = rank;
	memcpy(slot->id, bytes, sizeof(bytes));
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
	uint32_t n = 0, copy;
	bool scored;
	struct entry_fact fact = { .id = id, .given = given };
	enum rc rc = lives_subject(l, given, why);

	if (rc == RC_OK)
		rc = set_day(l, given, "visited_on", lives_cell(l, I_DATE),
			     &day, why);
	if (rc == RC_OK)
		rc = lives_set(l, given, "visit_type", lives_cell(l, I_TYPE),
			       why);
	if (rc == RC_OK && l->columns[I_DESCRIPTION] != SIZE_MAX)
		rc = lives_set(l, given, "summary",
			       lives_cell(l, I_DESCRIPTION), why);
	if (rc == RC_OK) {
		const char *key[] = { business, day, lives_cell(l, I_TYPE),
				      NULL };

		n = lives_number(l, &copy);
		rc = make_source_id(source_id, key, n, why);
	}
	if (rc != RC_OK)
		return rc;
	if (!set_or_drop(l, given, "score", lives_cell(l, I_SCORE)))
		entry_note(&fact, &no_number);
	lives_id(l, "visit", source_id, id);
	if (n > 1)
		entry_note(&fact, &repeated);
	if (!json_is_integer(json_object_get(given, "score")))
		entry_note(&fact, &no_score);
	if (is_no_check(l))
		entry_note(&fact, &entry_no_check);
	scored = json_is_integer(json_object_get(given, "score"));
	rc = put(l, &lives_inspections, source_id, "recorded", &fact);
	if (rc != RC_OK || !fact.taken)
		return rc;
	return remember(l, day, id, scored, !is_no_check(l));
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

/* Of a file of refused rows, or a row of the folder that was, the inspection
 * may have come by itself. */
static enum rc find_on_record(struct lives *l, const char *subject,
			      const char *day, char id[33], struct err *why)
{
	struct query *q =
		query_begin(l->op->store->db, SQL_IMPORT_VISIT_OF_DAY);

	*id = '\0';
	query_text(q, 1, l->job->scope);
	query_text(q, 2, subject);
	query_text(q, 3, day);
	query_text(q, 4, l->source);
	if (query_row(q))
		snprintf(id, 33, "%s", query_get_text(q, 0));
	return query_end(q, why);
}

/* The inspection of the day, or none: the visit stays absent then. */
static enum rc set_visit(struct lives *l, json_t *given, const char *day,
			 bool *found, struct err *why)
{
	const char *parts[] = { "day", lives_cell(l, V_BUSINESS), day, NULL };
	const struct seen_slot *slot = seen_find(&l->known, seen_key(parts));
	enum rc rc = RC_OK;
	char id[33];

	if (slot)
		hex_encode(id, slot->id, sizeof(slot->id));
	else
		rc = find_on_record(l, json_text(given, "subject"), day, id,
				    why);
	*found = rc == RC_OK && *id;
	return *found ? lives_set(l, given, "visit", id, why) : rc;
}

/* Two findings of one code on one day are two. */
static bool key_of_violation(const struct lives *l, uint64_t *key,
			     uint64_t *content)
{
	const char *rest[] = { lives_cell(l, V_RISK),
			       lives_cell(l, V_DESCRIPTION), NULL };
	char day[11];
	const char *keys[] = { lives_cell(l, V_BUSINESS), day,
			       lives_cell(l, V_CODE), NULL };

	if (!read_day(lives_cell(l, V_DATE), day))
		return false;
	*key = seen_key(keys);
	*content = seen_key(rest);
	return true;
}

/* Repeats are whole rows. */
static enum rc violation_key(struct lives *l, const char *day,
			     char source_id[SOURCE_ID_MAX], bool *is_repeat,
			     struct err *why)
{
	const char *key[] = { lives_cell(l, V_BUSINESS), day,
			      lives_cell(l, V_CODE), NULL };
	uint32_t copy, n = lives_number(l, &copy);

	*is_repeat = copy > 1;
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
	.remarks = { &no_coordinates, &no_place, &entry_cleaned },
	.always = 1,
	.key = key_of_business,
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
	.are_facts = true,
	.remarks = { &repeated, &no_score, &entry_no_check, &no_number,
		     &entry_cleaned },
	.always = 3,
	.key = key_of_inspection,
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
	.are_facts = true,
	.remarks = { &repeated, &no_inspection, &entry_cleaned },
	.always = 2,
	.key = key_of_violation,
	.take = take_violation,
};
