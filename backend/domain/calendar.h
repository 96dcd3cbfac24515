/* domain/calendar.h - working days: weekends, and what the State Council's
 * yearly notice makes of them (records of kind `calendar`).
 *
 * Days are counted since 1970-01-01 (base/date.h). 行政处罚法 art. 85: periods
 * of 2, 3, 5 and 7 days are working days, all others natural days. The first
 * day does not count. A last day on a holiday becomes the next working day
 * (民法典 art. 201, 203). */
#ifndef DOMAIN_CALENDAR_H
#define DOMAIN_CALENDAR_H

#include "ledger/ledger.h"

struct calendar {
	json_t *days; /* "YYYY-MM-DD" -> working; owned */
};

enum rc calendar_open(struct calendar *c, struct op *op);
void calendar_close(struct calendar *c);

bool day_is_working(const struct calendar *c, int64_t day);
/* The n-th working day after `day`, n from 0; for 0 the day itself, or the next
 * working day. */
int64_t working_days_add(const struct calendar *c, int64_t day, int n);
/* Working days after `from` up to and with `to`; 0 where `to` is not later. */
int working_days_between(const struct calendar *c, int64_t from, int64_t to);

#endif
