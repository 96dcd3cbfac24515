/* ledger/adopt.h - somebody else takes a record out of quarantine under his own
 * name: a record of kind `adoption` in his packet names it, and it is merged
 * against what its first author saw (docs/protocol.md 8). Not for other rooms;
 * ledger/quarantine.h is. */
#ifndef LEDGER_ADOPT_H
#define LEDGER_ADOPT_H

#include "ledger/batch.h"

#define ADOPTION "adoption"

/* A record in quarantine, and how it came there. */
struct adoptable {
	char scope[16], author[33], terminal[33], code[24];
	char sha256[65]; /* of its canonical bytes */
	int64_t received_ms;
	json_t *record; /* as it was sent; owned */
	json_t *base; /* what its author saw, or NULL; owned */
	bool base_is_lost; /* with the data of a server that was restored */
	/* The change of the same author that it builds on, where that is in
	 * quarantine, too. */
	char after[OID_HEX_SIZE];
};

/* RC_NOT_FOUND says that this is not in quarantine. *out has to be released
 * after RC_OK. */
enum rc adopt_find(struct store *s, const char *packet, const char *kind,
		   const char *id, struct adoptable *out, struct err *err);
void adopt_release(struct adoptable *a);

/* The id of what says so. */
void adoption_id(char out[33], const char *packet, const char *kind,
		 const char *id);

/* gate.h: may this packet adopt or reject that? */
enum rc adopt_judge(struct batch *b, const struct take *t,
		    const json_t *adoption, const json_t *server,
		    const char **code, struct err *why);
/* What this record of the packet, which was just taken, adopts goes into its
 * own record, in a packet of the office under the adopter's name. */
enum rc adopt_write(struct batch *b, struct batch_scope *bs,
		    const struct take *t, const struct take_record *r);
/* Does it build on, or refer to, what the same packet adopts and has not yet?
 * `taken`: which of its records are in. */
enum rc adopt_waits(struct batch *b, const struct take *t, const bool *taken,
		    const struct take_record *r, bool *waits);

#endif
