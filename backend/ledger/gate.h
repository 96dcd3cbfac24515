/* ledger/gate.h - what one record alone cannot show: whose it is, whether there
 * is another like it, and whether its visit may be signed. Not for other rooms,
 * except ledger_verdict of ledger/ledger.h. */
#ifndef LEDGER_GATE_H
#define LEDGER_GATE_H

#include "ledger/batch.h"

/* Why the record goes to quarantine, in `why`; *code is NULL where it may be
 * merged. `before` is what stands on the main line, or NULL; all are plain. */
enum rc gate_judge(struct batch *b, const struct kind *k, const struct take *t,
		   const json_t *base, const json_t *terminal,
		   const json_t *server, const char **code, struct err *why);
/* The position in the log at which the visit was first signed, or INT64_MAX. */
enum rc visit_signed_at(struct store *s, const char *scope, const char *id,
			int64_t *out, struct err *err);
/* The verdict on `visit`, which may be a version that does not stand yet; a new
 * reference. */
enum rc gate_verdict(struct store *s, const char *scope, const json_t *visit,
		     json_t **out, struct err *err);
/* seen.c: sets `subject_version_seen` of `out` for a visit that a tablet
 * signed. */
enum rc seen_subject(struct store *s, const char *scope, const json_t *visit,
		     json_t *out, struct err *err);
/* In what a finding contradicts its visit, as a predicate of it, or NULL: it is
 * of another subject, or of a day before the visit began. Static. */
const char *finding_contradicts(const json_t *violation, const json_t *visit);

#endif
