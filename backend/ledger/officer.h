/* ledger/officer.h - may this officer check on that day? The one rule, for who
 * is drawn and for who was there. */
#ifndef LEDGER_OFFICER_H
#define LEDGER_OFFICER_H

#include <jansson.h>

/* Why not, as static text, or NULL: the officer is active, and has a
 * certificate with a number, a first and a last day, which is valid and holds
 * on `day` (YYYY-MM-DD; "": whatever the day). `officer` NULL is not known. */
const char *officer_refused(const json_t *officer, const char *day);

#endif
