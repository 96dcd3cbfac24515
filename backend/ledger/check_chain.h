/* ledger/check_chain.h - what the check of packets and that of their receipts
 * share. */
#ifndef LEDGER_CHECK_CHAIN_H
#define LEDGER_CHECK_CHAIN_H

#include "ledger/check_impl.h"
#include "object/packet.h"

/* The journal at hand, and the packet within it. */
struct chain {
	struct check *c;
	char journal[33];
	int64_t sequence, seconds;
	struct oid tip;
	bool is_office, has_journal;
	unsigned char key[SIGN_PUBLIC_BYTES]; /* of the enrolment */
	int64_t njournals;
	/* the packet: */
	const char *hex;
	const char *what;
	struct packet_item *items; /* room for PACKET_RECORDS_MAX; owned */
	size_t nitems;
	json_t *quarantined; /* of its records: [path, code]; owned */
};

/* The main commit that took in the current row of SQL_CHECK_PACKET, and its
 * receipt. */
enum rc check_taken(struct chain *ch, struct query *packet);
/* The flag `merged` of the log, against packets that were checked. */
enum rc check_merged(struct check *c);

#endif
