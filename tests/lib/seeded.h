/* lib/seeded.h - a replica with data and without a server: what a clone would
 * have written, and a stand-in for the server that says what the real one says
 * only when something is wrong.
 *
 * The stand-in keeps records and their tree, takes every packet over as it is,
 * and signs like a server; it does not merge. Functions fail the process with a
 * message: this is a test's tool. */
#ifndef LIB_SEEDED_H
#define LIB_SEEDED_H

#include "db/db.h"
#include "replica/replica.h"

struct seeded {
	struct replica *r;
	char dir[64], path[96];
	struct exchange exchange; /* to hand to replica_sync */
	struct err err;
	/* How the stand-in behaves: */
	const char
		*refuse_state; /* receipt of the next packets; NULL: merged */
	int refuse_times; /* how many packets get it */
	bool forge; /* sign with another key */
	bool wrong_root;
	bool stay_away; /* the network fails */
	json_t *extra_lines; /* array: lines of the next answer before "end" */
	/* What it saw: */
	int requests, whole_records, changed_records;
	char last_supersedes[OID_HEX_SIZE]; /* of the last packet's commit */
	char last_base[OID_HEX_SIZE];
	/* Its own: */
	struct sign_key server;
	struct db *tree;
	json_t *records; /* {scope: {"kind/id": record}} */
	json_t *changed; /* {scope: {"kind/id": true}} since the last commit */
	json_t *heads; /* {scope: {head, root, position, commit}} */
};

/* A fresh replica of these scopes (NULL-ended; the catalog is added) in a new
 * folder under /tmp, with all kinds of ./schema/kinds, enrolled, unlocked, not
 * cloned yet. */
void seeded_init(struct seeded *s, const char *const *scopes);
/* Remove the folder and everything. */
void seeded_release(struct seeded *s);
/* Close and open the replica again; locked unless `unlock`. */
void seeded_reopen(struct seeded *s, bool unlock);
/* Put a record of the stand-in: fields as JSON text (town among them); NULL
 * removes it. */
void seeded_put(struct seeded *s, const char *scope, const char *kind,
		const char *id, const char *fields);
/* A kind's definition, as JSON text, becomes a record of the catalog. */
void seeded_kind(struct seeded *s, const char *definition);
/* Write the stand-in's records into the replica as a clone does. */
void seeded_clone(struct seeded *s);

#endif
