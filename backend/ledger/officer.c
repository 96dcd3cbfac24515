/* ledger/officer.c - who has a valid certificate. */
#include "ledger/officer.h"

#include <stdbool.h>
#include <string.h>

#include "base/jcs.h"

static bool is_word(const json_t *officer, const char *field, const char *word)
{
	const char *text = json_text(officer, field);

	return text && !strcmp(text, word);
}

static bool has(const json_t *officer, const char *field)
{
	const char *text = json_text(officer, field);

	return text && *text;
}

const char *officer_refused(const json_t *officer, const char *day)
{
	if (!officer)
		return "not known";
	if (!is_word(officer, "state", "active"))
		return "not active";
	if (!has(officer, "certificate"))
		return "no certificate";
	if (!is_word(officer, "certificate_state", "valid"))
		return "certificate not in force";
	if (!has(officer, "certificate_from") ||
	    !has(officer, "certificate_to"))
		return "certificate without a first or last day";
	if (*day && strcmp(json_text(officer, "certificate_to"), day) < 0)
		return "certificate expired";
	if (*day && strcmp(json_text(officer, "certificate_from"), day) > 0)
		return "certificate not valid yet";
	return NULL;
}
