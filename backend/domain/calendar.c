/* domain/calendar.c - counting working days. */
#include "domain/calendar.h"

#include "base/date.h"
#include "sql_store.gen.h"

enum rc calendar_open(struct calendar *c, struct op *op)
{
	struct query *q;

	c->days = json_object();
	/* A folder from before there was one counts Monday to Friday. */
	if (!registry_kind(op->store->kinds, "calendar"))
		return RC_OK;
	q = query_begin(op->store->db, SQL_CALENDAR_DAYS);
	while (query_row(q))
		json_object_set_new(c->days, query_get_text(q, 0),
				    json_boolean(query_get_int(q, 1)));
	return query_end(q, op->err);
}

void calendar_close(struct calendar *c)
{
	json_decref(c->days);
	c->days = NULL;
}

/* 1970-01-01 was a Thursday; Saturday and Sunday are 2 and 3 days later. */
static bool is_weekend(int64_t day)
{
	int64_t since_saturday = ((day - 2) % 7 + 7) % 7;

	return since_saturday < 2;
}

bool day_is_working(const struct calendar *c, int64_t day)
{
	const json_t *said;
	char text[11];

	date_format(text, day);
	said = json_object_get(c->days, text);
	return said ? json_is_true(said) : !is_weekend(day);
}

/* A calendar in which no day is a working day would never end. */
#define SEARCH_DAYS_MAX 400

static int64_t next_working(const struct calendar *c, int64_t day)
{
	for (int i = 0; i < SEARCH_DAYS_MAX && !day_is_working(c, day); i++)
		day++;
	return day;
}

int64_t working_days_add(const struct calendar *c, int64_t day, int n)
{
	if (n <= 0)
		return next_working(c, day);
	while (n-- > 0)
		day = next_working(c, day + 1);
	return day;
}

int working_days_between(const struct calendar *c, int64_t from, int64_t to)
{
	int n = 0;

	while (from < to)
		n += day_is_working(c, ++from);
	return n;
}
