/* ledger/take_impl.h - what the files that take a packet in share. Not for
 * other rooms. */
#ifndef LEDGER_TAKE_IMPL_H
#define LEDGER_TAKE_IMPL_H

#include "ledger/batch.h"

/* Why the record goes to quarantine; the first reason stands. */
void take_refuse(struct take_record *r, const char *code, const char *why);
/* Everything that one record alone can be refused for. */
enum rc take_judge_record(struct batch *b, const struct batch_scope *bs,
			  const struct take *t, struct take_record *r);
/* All of a packet, and what refers to one that is refused. */
enum rc take_judge(struct batch *b, const struct batch_scope *bs,
		   struct take *t);

/* What of one record goes where. */
struct outcome {
	int64_t position; /* log entry with the packet's own bytes, or 0 */
	bool merged;
};

enum rc take_put_record(struct batch *b, int64_t packet,
			const struct take_record *r, const struct outcome *o);
/* The packet itself, and its journal's tip. */
enum rc take_put(struct batch *b, struct batch_scope *bs, const struct take *t,
		 int64_t number);
/* For the main commit: its parents, and its lines `Quarantined:`; the latter
 * goes into the receipt's list, too. */
enum rc take_note_tip(struct batch *b, struct batch_scope *bs,
		      const struct take *t);
enum rc take_note_quarantine(struct batch *b, struct batch_scope *bs,
			     const struct take *t, const struct take_record *r,
			     json_t *list);

#endif
