/* base/date.h - dates and times in UTC: integers inside, text at the border. */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include <stdbool.h>
#include <stdint.h>

/* Days since 1970-01-01 in the proleptic Gregorian calendar. */
int64_t date_days(int year, int month, int day);
/* "YYYY-MM-DD" to days; false when it is no real day. */
bool date_parse(const char *text, int64_t *days);
/* Days to "YYYY-MM-DD" and a NUL. */
void date_format(char out[11], int64_t days);
/* ms since the epoch to "YYYY-MM-DDTHH:MM:SS.mmmZ" and a NUL (RFC 3339). */
void time_format(char out[25], int64_t ms);
/* An RFC 3339 time ("2026-11-22T09:30:00Z", with or without a fraction, with Z
 * or an offset such as +08:00) to ms since the epoch, the rest of a ms dropped;
 * false when it is none. A leap second is the second before it. */
bool time_parse(const char *text, int64_t *ms);

#endif
