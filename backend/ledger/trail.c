/* ledger/trail.c - what the ledger tells the audit log. */
#include "ledger/trail.h"

#define REVOKED_MS (60 * 60 * 1000)

struct audit_by op_by(const struct op *op)
{
	return (struct audit_by){ .who = op->actor->name,
				  .with = op->actor->with,
				  .given_by = op->actor->given_by,
				  .via = op->via,
				  .request_id = op->request_id,
				  .now_ms = op->now_ms };
}

struct counts {
	size_t of[OFFICE_REFUSED + 1];
	const char *kind; /* of all of them, or NULL */
	const char *why; /* of the first that was refused */
};

static struct counts count(const struct office_write *w, size_t from, size_t to)
{
	struct counts c = { .kind = w->records[from].kind };

	for (size_t i = from; i < to; i++) {
		const struct office_record *r = &w->records[i];

		c.of[r->outcome]++;
		if (c.kind && strcmp(c.kind, r->kind) != 0)
			c.kind = NULL;
		if (r->outcome == OFFICE_REFUSED && !c.why)
			c.why = r->why;
	}
	return c;
}

static void detail_write(char out[AUDIT_TEXT_MAX + 1],
			 const struct office_write *w, const struct counts *c,
			 size_t n)
{
	static const char *const words[] = { "same", "new", "changed",
					     "refused" };
	const size_t room = AUDIT_TEXT_MAX + 1;
	size_t at = (size_t)snprintf(out, room, "%.300s;",
				     w->detail ? w->detail : w->message);

	if (w->n > 1)
		at += (size_t)snprintf(out + at, room - at, " records=%zu", n);
	for (size_t i = 0; i <= OFFICE_REFUSED; i++)
		if (c->of[i] && w->n > 1)
			at += (size_t)snprintf(out + at, room - at, " %s=%zu",
					       words[i], c->of[i]);
		else if (c->of[i])
			at += (size_t)snprintf(out + at, room - at, " %s",
					       words[i]);
	if (c->why)
		snprintf(out + at, room - at, ": %s", c->why);
}

enum rc trail_write(struct op *op, const struct office_write *w, size_t from,
		    size_t to)
{
	char detail[AUDIT_TEXT_MAX + 1];
	struct counts c;
	struct audit_entry e;

	if (from == to || op->is_told)
		return RC_OK;
	c = count(w, from, to);
	if (c.of[OFFICE_SAME] == to - from)
		return RC_OK;
	detail_write(detail, w, &c, to - from);
	e = (struct audit_entry){
		.by = op_by(op),
		.operation = w->operation,
		.scope = w->scope,
		.kind = w->about_kind ? w->about_kind : c.kind,
		.id = w->about_kind ? w->about_id
		      : w->n == 1   ? w->records[0].id
				    : NULL,
		.outcome = c.of[OFFICE_NEW] + c.of[OFFICE_CHANGED]
				   ? AUDIT_DONE
				   : AUDIT_REFUSED,
		.detail = detail,
	};
	return audit_put(op->store, &e, op->err);
}

enum rc trail_revoked(struct store *s, const char *officer,
		      const char *enrolment, int64_t now_ms, struct err *err)
{
	const struct audit_entry e = {
		.by = { .who = officer, .via = VIA_SYNC, .now_ms = now_ms },
		.operation = "sync",
		.kind = "enrolment",
		.id = enrolment,
		.outcome = AUDIT_REFUSED,
		.detail = "the terminal was revoked",
	};
	bool told;
	enum rc rc = audit_lately(s, e.operation, e.kind, e.id,
				  now_ms - REVOKED_MS, &told, err);

	return rc == RC_OK && !told ? audit_put(s, &e, err) : rc;
}
