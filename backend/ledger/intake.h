/* ledger/intake.h - a packet from outside, verified and rebuilt, before the
 * writer sees it. Only reads what never changes (log, main commits, packets),
 * so workers do it in parallel on connections of their own. Not for other
 * rooms. */
#ifndef LEDGER_INTAKE_H
#define LEDGER_INTAKE_H

#include "ledger/batch.h"
#include "wire/message.h"

enum intake_state {
	INTAKE_READY, /* take it */
	INTAKE_KNOWN, /* it was taken before: receipt again */
	INTAKE_NEED_WHOLE, /* changes do not give the tree */
	INTAKE_UNVERIFIABLE, /* kept aside, `text` says why */
	INTAKE_LATER, /* not now: its terminal is ahead of this server */
};

struct intake {
	enum intake_state state;
	struct take take; /* when READY */
	char text[160];
	const struct wire_packet *wire; /* borrowed */
};

/* Who sent the request. Strings are borrowed from `record`. */
struct enrolled {
	json_t *record; /* the enrolment's record; owned */
	const char *id, *officer, *terminal, *state;
	unsigned role;
	unsigned char officer_key[SIGN_PUBLIC_BYTES];
	unsigned char terminal_key[SIGN_PUBLIC_BYTES];
};

/* Its id, by the terminal's; RC_DENIED. */
enum rc terminal_find(struct store *s, const char *terminal, char enrolment[33],
		      struct err *err);
/* The enrolment of a terminal. RC_DENIED when there is none. */
enum rc enrolled_load(struct store *s, const char *enrolment,
		      struct enrolled *out, struct err *err);
void enrolled_release(struct enrolled *e);
bool enrolled_covers(const struct enrolled *e, const char *scope);

/* Verify packet `at` of the scope; `all[0..at)` are the earlier packets of it
 * in the same request. Fails only where the server itself fails. */
enum rc intake_packet(struct store *s, const struct enrolled *who,
		      const struct wire_scope *scope, struct intake *all,
		      size_t at, struct arena *mem, struct err *err);
/* Into its journal, or aside where it has no place there. */
enum rc intake_take(struct batch *b, const char *enrolment, struct intake *in,
		    const char *scope);
void intake_release(struct intake *all, size_t n);

#endif
