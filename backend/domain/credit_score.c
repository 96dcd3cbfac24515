/* domain/credit_score.c - definitions checked, facts summed. */
#include "domain/credit_score.h"

#include <strings.h>

#include "base/date.h"
#include "base/jcs.h"

#define POINTS_MAX 1000000
#define DAYS_MAX 36500

static const char *const severities[SEVERITY__MAX] = { "low", "moderate",
						       "high", "unknown" };

enum severity severity_parse(const char *word)
{
	for (int i = 0; word && i < SEVERITY__MAX; i++)
		if (strcmp(severities[i], word) == 0)
			return (enum severity)i;
	return SEVERITY_UNKNOWN;
}

static enum rc read_int(const json_t *o, const char *key, int64_t min,
			int64_t max, int64_t *out, struct err *err)
{
	*out = json_int(o, key, INT64_MIN);
	if (*out >= min && *out <= max)
		return RC_OK;
	return err_set(err, RC_INVALID,
		       "a scheme's '%s' is an integer from %lld to %lld", key,
		       (long long)min, (long long)max);
}

static enum rc read_points(struct scheme *s, const json_t *deductions,
			   struct err *err)
{
	enum rc rc = RC_OK;

	for (int i = 0; rc == RC_OK && i < SEVERITY__MAX; i++)
		rc = read_int(deductions, severities[i], 0, POINTS_MAX,
			      &s->points[i], err);
	return rc;
}

static enum rc read_decay(struct scheme *s, const json_t *decay,
			  struct err *err)
{
	int64_t before = -1;
	enum rc rc = RC_OK;

	s->nsteps = json_array_size(decay);
	if (!s->nsteps || s->nsteps > CREDIT_STEPS_MAX)
		return err_set(err, RC_INVALID,
			       "a scheme has 1 to %d steps of decay",
			       CREDIT_STEPS_MAX);
	for (size_t i = 0; rc == RC_OK && i < s->nsteps; i++) {
		const json_t *step = json_array_get(decay, i);

		rc = read_int(step, "days_max", before + 1, DAYS_MAX,
			      &s->steps[i].days_max, err);
		if (rc == RC_OK)
			rc = read_int(step, "percent", 0, 100,
				      &s->steps[i].percent, err);
		before = s->steps[i].days_max;
	}
	return rc;
}

static enum rc read_grades(struct scheme *s, const json_t *grades,
			   struct err *err)
{
	int64_t before = s->start + 1;
	enum rc rc = RC_OK;

	s->ngrades = json_array_size(grades);
	if (!s->ngrades || s->ngrades > CREDIT_STEPS_MAX)
		return err_set(err, RC_INVALID, "a scheme has 1 to %d grades",
			       CREDIT_STEPS_MAX);
	for (size_t i = 0; rc == RC_OK && i < s->ngrades; i++) {
		const json_t *grade = json_array_get(grades, i);
		const char *name = json_text(grade, "grade");

		if (!name || !*name || strlen(name) > 20)
			return err_set(err, RC_INVALID,
				       "grade %zu has no short name", i + 1);
		s->grades[i].grade = name;
		rc = read_int(grade, "min", s->floor, before - 1,
			      &s->grades[i].min, err);
		before = s->grades[i].min;
	}
	if (rc == RC_OK && before != s->floor)
		rc = err_set(err, RC_INVALID,
			     "the last grade does not reach down to %lld",
			     (long long)s->floor);
	return rc;
}

static enum rc read_uncounted(struct scheme *s, const json_t *list,
			      struct err *err)
{
	if (list && !json_is_array(list))
		return err_set(err, RC_INVALID,
			       "'uncounted_visits' is a list of texts");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *p = json_string_value(json_array_get(list, i));

		if (!p || !*p)
			return err_set(err, RC_INVALID,
				       "'uncounted_visits' is a list of texts");
	}
	s->uncounted = list;
	return RC_OK;
}

enum rc scheme_read(struct scheme *s, const json_t *definition, struct err *err)
{
	enum rc rc;

	memset(s, 0, sizeof(*s));
	rc = read_int(definition, "start", 0, POINTS_MAX, &s->start, err);
	if (rc == RC_OK)
		rc = read_int(definition, "floor", 0, s->start, &s->floor, err);
	if (rc == RC_OK)
		rc = read_int(definition, "horizon_days", 0, DAYS_MAX,
			      &s->horizon_days, err);
	if (rc == RC_OK)
		rc = read_points(s, json_object_get(definition, "deductions"),
				 err);
	if (rc == RC_OK)
		rc = read_decay(s, json_object_get(definition, "decay"), err);
	if (rc == RC_OK)
		rc = read_grades(s, json_object_get(definition, "grades"), err);
	if (rc == RC_OK)
		rc = read_uncounted(
			s, json_object_get(definition, "uncounted_visits"),
			err);
	return rc;
}

bool scheme_counts_visit(const struct scheme *s, const char *visit_type)
{
	if (visit_type && !strcmp(visit_type, CREDIT_NOT_COUNTED))
		return false;
	for (size_t i = 0; visit_type && i < json_array_size(s->uncounted);
	     i++) {
		const char *p =
			json_string_value(json_array_get(s->uncounted, i));

		if (strncasecmp(visit_type, p, strlen(p)) == 0)
			return false;
	}
	return true;
}

void credit_begin(struct credit_sum *sum, const struct scheme *scheme,
		  int64_t day, size_t listed_max)
{
	*sum = (struct credit_sum){ .scheme = scheme,
				    .day = day,
				    .listed_max = listed_max,
				    .facts = json_array() };
}

void credit_release(struct credit_sum *sum)
{
	json_decref(sum->facts);
	sum->facts = NULL;
}

/* What is left of a deduction at that age, in percent; -1: nothing is. */
static int64_t percent_at(const struct scheme *s, int64_t age)
{
	if (age > s->horizon_days)
		return -1;
	for (size_t i = 0; i < s->nsteps; i++)
		if (age <= s->steps[i].days_max)
			return s->steps[i].percent;
	return -1;
}

/* No sum runs over, and none is more than a record can hold. */
static void add(int64_t *sum, int64_t n)
{
	if (__builtin_add_overflow(*sum, n, sum) || *sum > JSON_INT_MAX)
		*sum = JSON_INT_MAX;
}

static void add_counted(struct credit_sum *sum, const struct credit_fact *fact,
			int64_t percent)
{
	enum severity severity = severity_parse(fact->severity);
	int64_t points = sum->scheme->points[severity];
	int64_t deduction = points * percent / 100;

	add(&sum->deducted, deduction);
	if (json_array_size(sum->facts) < sum->listed_max) {
		json_t *listed = json_pack(
			"{s:s, s:s, s:s, s:I, s:I, s:I}", "id", fact->id,
			"found_on", fact->found_on, "severity",
			severities[severity], "points", (json_int_t)points,
			"percent", (json_int_t)percent, "deduction",
			(json_int_t)deduction);

		if (fact->lacks_inspection)
			json_object_set_new(listed, "no_inspection",
					    json_true());
		json_array_append_new(sum->facts, listed);
	} else {
		sum->more++;
		add(&sum->more_deducted, deduction);
	}
}

void credit_add(struct credit_sum *sum, const struct credit_fact *fact)
{
	int64_t day, percent;

	if (!fact->found_on || !date_parse(fact->found_on, &day)) {
		sum->undated++;
		return;
	}
	if (day > sum->day)
		return;
	if (!scheme_counts_visit(sum->scheme, fact->visit_type)) {
		sum->uncounted++;
		return;
	}
	if (fact->is_repeat) {
		sum->repeated++;
		return;
	}
	percent = percent_at(sum->scheme, sum->day - day);
	if (percent < 0)
		sum->expired++;
	else
		add_counted(sum, fact, percent);
}

void credit_add_visit(struct credit_sum *sum, const char *visited_on,
		      const char *visit_type, bool is_repeat)
{
	int64_t day;

	if (visited_on && date_parse(visited_on, &day) && day > sum->day)
		return;
	if (!scheme_counts_visit(sum->scheme, visit_type))
		sum->visits_uncounted++;
	else if (is_repeat)
		sum->visits_repeated++;
	else
		sum->visits++;
}

static void set_count(json_t *o, const char *key, int64_t n)
{
	if (n)
		json_object_set_new(o, key, json_integer(n));
}

int64_t credit_end(struct credit_sum *sum, const char **grade, json_t **reasons)
{
	const struct scheme *s = sum->scheme;
	int64_t score = s->start - sum->deducted;
	size_t i = 0;

	if (score < s->floor)
		score = s->floor;
	while (i + 1 < s->ngrades && score < s->grades[i].min)
		i++;
	*grade = s->grades[i].grade;
	*reasons = json_pack("{s:I, s:O}", "start", (json_int_t)s->start,
			     "facts", sum->facts);
	if (!*reasons)
		return score;
	if (sum->more)
		json_object_set_new(
			*reasons, "more",
			json_pack("{s:I, s:I}", "count", (json_int_t)sum->more,
				  "deduction", (json_int_t)sum->more_deducted));
	set_count(*reasons, "visits", sum->visits);
	set_count(*reasons, "visits_uncounted", sum->visits_uncounted);
	set_count(*reasons, "visits_repeated", sum->visits_repeated);
	set_count(*reasons, "expired", sum->expired);
	set_count(*reasons, "uncounted", sum->uncounted);
	set_count(*reasons, "undated", sum->undated);
	set_count(*reasons, "repeated", sum->repeated);
	return score;
}
