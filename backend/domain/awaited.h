/* domain/awaited.h - evidence that never comes: files whose records the office
 * has, of visits that are not published yet.
 *
 * A file is late after AWAITED_DAYS working days from the day (UTC+8) on which
 * its record came. That is never stored: it follows from the log, the calendar
 * and what is in the folder. An alarm is. */
#ifndef DOMAIN_AWAITED_H
#define DOMAIN_AWAITED_H

#include "ledger/ledger.h"

#define AWAITED_DAYS 3

/* As of a day ("YYYY-MM-DD", NULL: today): [{"visit", "evidence", "size",
 * "state": "none"|"part", "since", "working_days", "late"}], by visit and id;
 * `only_late` leaves out the others. *out is a new reference. */
enum rc awaited_list(struct op *op, const char *scope, const char *as_of,
		     bool only_late, json_t **out);
/* One alarm `evidence_missing` for each visit that has a late file, once,
 * whatever became of it since. *raised counts the new ones. */
enum rc awaited_alarm(struct op *op, const char *scope, const char *as_of,
		      int *raised);

#endif
