/* ledger/history.h - who changed which field of a record when, in which packet,
 * and by which rule it was merged: derived from the log and the packets alone.
 */
#ifndef LEDGER_HISTORY_H
#define LEDGER_HISTORY_H

#include "ledger/ledger.h"

/* Every version of a record and every packet that wrote it, oldest first; *out
 * is a new reference to an array of
 *   {"position":n or null,"received":ms,"author":a,"terminal":t,"packet":hex,
 *    "operation":word or null,"message":text,"merged":bool,
 *    "clock":{"wall":ms,"earliest":ms,"latest":ms,"flags":[word]},
 *    "changes":[{"field":f,"before":v or null,"after":v or null,"rule":r}],
 *    "refused":[{"field":f,"terminal":v or null,"stands":v or null,"rule":r}]}
 * `clock` is of a terminal's packet alone: what its wall clock said, between
 * which times it was made, and `clock_skew` or `clock_jump` (ledger/clock.h).
 * `position` is null where the packet changed nothing of what stands. `rule` is
 * "terminal" or "office" where that side alone moved, "same" where both said
 * the same, "conflict <id>" where a conflict was opened or decided, "quarantine
 * <code>", and else the field's merge rule. `refused` are values of the packet
 * that do not stand. What the server wrote of its own accord (conflicts) has no
 * packet: author "server", packet "". RC_NOT_FOUND names the record; RC_DENIED
 * when its key was destroyed. */
enum rc ledger_history(struct op *op, const char *scope, const char *kind,
		       const char *id, json_t **out);

/* The entry of one version, at its position; a new reference. */
enum rc ledger_history_at(struct op *op, const char *scope, const char *kind,
			  const char *id, int64_t position, json_t **out);

/* Some of it: `most` entries behind the first `from`. What comes later stands
 * behind, so an entry's number stays what it is. */
struct history_page {
	size_t from, most;
	bool more; /* filled: there are others behind them */
};
enum rc ledger_history_page(struct op *op, const char *scope, const char *kind,
			    const char *id, struct history_page *page,
			    json_t **out);

#endif
