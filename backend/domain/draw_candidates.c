/* domain/draw_candidates.c - the rule of each format. */
#include "domain/draw_candidates.h"

#include "base/jcs.h"
#include "ledger/officer.h"

json_t *draw_numbers(const json_t *pool)
{
	json_t *numbers = json_object(), *officer;
	bool ok = numbers;
	size_t i;

	json_array_foreach(pool, i, officer)
	{
		const char *number = json_text(officer, "certificate");

		if (ok && number)
			ok = !json_object_set_new(
				numbers, number,
				json_integer(json_int(numbers, number, 0) + 1));
	}
	if (ok)
		return numbers;
	json_decref(numbers);
	return NULL;
}

const char *draw_officer_refused(const json_t *officer, const char *day,
				 const char *due, const json_t *numbers)
{
	const char *excluded = json_text(officer, "excluded");
	const char *refused =
		excluded ? excluded : officer_refused(officer, day);

	if (refused)
		return refused;
	if (due && strcmp(due, day) > 0 && officer_refused(officer, due))
		return "certificate ends before the assignments are due";
	if (json_int(numbers, json_text(officer, "certificate"), 0) > 1)
		return "certificate number of another officer";
	return NULL;
}

/* Formats 1 to 3. */
static bool was_candidate(const json_t *officer, const char *day)
{
	const char *state = json_text(officer, "state");
	const char *from = json_text(officer, "certificate_from");
	const char *to = json_text(officer, "certificate_to");
	const char *standing = json_text(officer, "certificate_state");

	return !json_text(officer, "excluded") &&
	       (!state || !strcmp(state, "active")) &&
	       (to || json_text(officer, "certificate")) &&
	       (!standing || !strcmp(standing, "valid")) &&
	       (!to || strcmp(to, day) >= 0) &&
	       (!from || strcmp(from, day) <= 0);
}

json_t *draw_candidates(const json_t *paper)
{
	const json_t *pool = json_object_get(paper, "pool"), *rules;
	json_t *numbers = draw_numbers(pool), *found = json_array(), *officer;
	bool is_new = json_int(paper, "format", 0) >= 4;
	const char *day, *due;
	bool ok = numbers && found;
	size_t i;

	rules = json_object_get(json_object_get(paper, "committed"), "rules");
	day = json_text(rules, "day");
	due = json_text(rules, "due");
	json_array_foreach(pool, i, officer)
	{
		bool fits = is_new ? !draw_officer_refused(officer, day, due,
							   numbers)
				   : was_candidate(officer, day);

		ok = ok && (!fits || !json_array_append(found, officer));
	}
	json_decref(numbers);
	if (ok)
		return found;
	json_decref(found);
	return NULL;
}
