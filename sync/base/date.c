#include "base/date.h"

#include <stddef.h>

#define DAY_MS INT64_C(86400000)
#define DAY_FIRST INT64_C(-719528) /* 0000-01-01 */
#define DAY_LAST INT64_C(2932896) /* 9999-12-31 */

struct ymd {
	int year, month, day;
};

/* The year is counted from March, so that the leap day is its last; an era is
 * 400 years. After H. Hinnant, "chrono-compatible low-level date algorithms".
 */
int64_t date_days(int year, int month, int day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year =
		(153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 -
			     year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

static struct ymd ymd_of(int64_t days)
{
	struct ymd d;

	days += 719468;

	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t doe = days - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t month = (5 * doy + 2) / 153;

	d.day = (int)(doy - (153 * month + 2) / 5 + 1);
	d.month = (int)(month < 10 ? month + 3 : month - 9);
	d.year = (int)(yoe + era * 400 + (d.month <= 2));
	return d;
}

/* n digits as a number, or -1. */
static int digits(const char *text, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

static int month_days(int year, int month)
{
	static const int length[] = { 31, 28, 31, 30, 31, 30,
				      31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return length[month - 1] + (month == 2 && leap);
}

bool date_parse(const char *text, int64_t *days)
{
	int year, month, day;

	year = digits(text, 4);
	if (year < 0 || text[4] != '-')
		return false;
	month = digits(text + 5, 2);
	if (month < 1 || month > 12 || text[7] != '-')
		return false;
	day = digits(text + 8, 2);
	if (day < 1 || day > month_days(year, month) || text[10] != '\0')
		return false;
	*days = date_days(year, month, day);
	return true;
}

static void put(char *out, int value, int n)
{
	while (n-- > 0) {
		out[n] = (char)('0' + value % 10);
		value /= 10;
	}
}

void date_format(char out[11], int64_t days)
{
	struct ymd d;

	/* Four digits of year are all the form has. */
	if (days < DAY_FIRST)
		days = DAY_FIRST;
	if (days > DAY_LAST)
		days = DAY_LAST;
	d = ymd_of(days);
	put(out, d.year, 4);
	out[4] = '-';
	put(out + 5, d.month, 2);
	out[7] = '-';
	put(out + 8, d.day, 2);
	out[10] = '\0';
}

void time_format(char out[25], int64_t ms)
{
	int64_t days, rest;

	if (ms < DAY_FIRST * DAY_MS)
		ms = DAY_FIRST * DAY_MS;
	if (ms >= (DAY_LAST + 1) * DAY_MS)
		ms = (DAY_LAST + 1) * DAY_MS - 1;
	days = ms / DAY_MS;
	rest = ms % DAY_MS;
	if (rest < 0) {
		days--;
		rest += DAY_MS;
	}
	date_format(out, days);
	out[10] = 'T';
	put(out + 11, (int)(rest / 3600000), 2);
	out[13] = ':';
	put(out + 14, (int)(rest / 60000 % 60), 2);
	out[16] = ':';
	put(out + 17, (int)(rest / 1000 % 60), 2);
	out[19] = '.';
	put(out + 20, (int)(rest % 1000), 3);
	out[23] = 'Z';
	out[24] = '\0';
}

/* Two digits up to `most`, or -1. */
static int pair(const char *p, int most)
{
	int v;

	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return -1;
	v = (p[0] - '0') * 10 + p[1] - '0';
	return v <= most ? v : -1;
}

/* "Z" or "+08:00" to minutes east. */
static bool offset_parse(const char *p, int *minutes)
{
	int h, m;

	*minutes = 0;
	if (*p == 'Z' || *p == 'z')
		return p[1] == '\0';
	if ((*p != '+' && *p != '-') || (h = pair(p + 1, 23)) < 0 ||
	    p[3] != ':' || (m = pair(p + 4, 59)) < 0 || p[6] != '\0')
		return false;
	*minutes = (*p == '-' ? -1 : 1) * (h * 60 + m);
	return true;
}

bool time_parse(const char *text, int64_t *ms)
{
	int64_t days, fraction = 0, scale = 100;
	int h, m, s, east;
	char day[11] = "";
	const char *p = text + 19;

	if (strnlen(text, 20) < 20)
		return false;
	memcpy(day, text, 10);
	h = pair(text + 11, 23);
	m = h < 0 || text[13] != ':' ? -1 : pair(text + 14, 59);
	s = m < 0 || text[16] != ':' ? -1 : pair(text + 17, 60);
	if (s < 0 || (text[10] != 'T' && text[10] != 't') ||
	    !date_parse(day, &days))
		return false;
	if (*p == '.' && (p[1] < '0' || p[1] > '9'))
		return false;
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9'; p++, scale /= 10)
			fraction += (*p - '0') * scale;
	if (!offset_parse(p, &east))
		return false;
	if (s == 60)
		s = 59;
	*ms = days * DAY_MS + ((h * 60 + m - east) * INT64_C(60) + s) * 1000 +
	      fraction;
	return true;
}
