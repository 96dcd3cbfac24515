/* domain/credit_sound.c - what a new scheme says beyond what can be computed:
 * names that tell its grades apart, no word that nothing reads, no deduction
 * that never counts. Schemes on record are read as they are. */
#include "domain/credit_impl.h"

#include "base/jcs.h"

/* Every member of an object is one of the words. */
static enum rc all_known(const json_t *o, const char *const *words,
			 const char *of, struct err *err)
{
	json_t *value;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)o, key, value)
	{
		size_t i = 0;

		while (words[i] && strcmp(words[i], key) != 0)
			i++;
		if (!words[i])
			return err_set(err, RC_INVALID,
				       "'%.60s' of %s is not known: nothing "
				       "would read it",
				       key, of);
	}
	return RC_OK;
}

static enum rc each_known(const json_t *list, const char *const *words,
			  const char *of, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < json_array_size(list); i++)
		rc = all_known(json_array_get(list, i), words, of, err);
	return rc;
}

static enum rc members_known(const json_t *definition, struct err *err)
{
	static const char *const all[] = {
		"start",  "floor",      "horizon_days",     "decay",
		"grades", "deductions", "uncounted_visits", NULL
	};
	static const char *const costs[] = { "low", "moderate", "high",
					     "unknown", NULL };
	static const char *const step[] = { "days_max", "percent", NULL };
	static const char *const grade[] = { "grade", "min", NULL };
	enum rc rc = all_known(definition, all, "the definition", err);

	if (rc == RC_OK)
		rc = all_known(json_object_get(definition, "deductions"), costs,
			       "the deductions", err);
	if (rc == RC_OK)
		rc = each_known(json_object_get(definition, "decay"), step,
				"a step of decay", err);
	return rc == RC_OK ? each_known(json_object_get(definition, "grades"),
					grade, "a grade", err)
			   : rc;
}

static enum rc grades_differ(const struct scheme *s, struct err *err)
{
	for (size_t i = 0; i < s->ngrades; i++)
		for (size_t k = 0; k < i; k++)
			if (!strcmp(s->grades[i].grade, s->grades[k].grade))
				return err_set(err, RC_INVALID,
					       "grades %zu and %zu are both "
					       "called '%s': nobody could tell "
					       "them apart",
					       k + 1, i + 1,
					       s->grades[i].grade);
	return RC_OK;
}

enum rc scheme_sound(const struct scheme *s, const json_t *definition,
		     struct err *err)
{
	int64_t last = s->nsteps ? s->steps[s->nsteps - 1].days_max : 0;
	enum rc rc = members_known(definition, err);

	if (rc == RC_OK)
		rc = grades_differ(s, err);
	if (rc == RC_OK && last > s->horizon_days)
		rc = err_set(err, RC_INVALID,
			     "decay goes on to day %lld and 'horizon_days' is "
			     "%lld: what is older never counts",
			     (long long)last, (long long)s->horizon_days);
	return rc;
}
