/* store/store.h - the server's data folder: one database, one for keys, the
 * server's signing key, and the registry of kinds.
 *
 *   DIR/hufu.db     log, rows, tree, packets, accounts   (WAL, FULL)
 *   DIR/keys.db     keys of sealed records; never in the same backup
 *   DIR/server.key  Ed25519 seed of the server, mode 0600
 *   DIR/mirror.git  the log as a bare Git repository (backend/mirror)
 *   DIR/snapshots/  prepared clones
 *   DIR/search.db   index of the search (backend/search)
 *   DIR/serve.lock  locked by the server that runs on it
 *
 * A store belongs to one thread at a time; each thread, and each program beside
 * a running server, opens its own. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/host.h"
#include "base/seal.h"
#include "db/db.h"
#include "kind/kind.h"
#include "object/oid.h"

struct store {
	struct db *db;
	struct db *keys;
	struct registry *kinds; /* as of catalog_seen */
	int64_t catalog_seen; /* position of the catalog it was read at */
	char *dir;
	char epoch[17];
	struct sign_key key; /* the server's */
	const struct host *host;
	bool fast; /* synchronous off: simulator and tests */
	/* A batch is under way: keys that it mints are on disk once, just
	 * before what they seal, and their transaction begins with the first. A
	 * key that nothing uses is harmless. */
	bool keys_wait;
	/* Entries that audit_put made through this handle and that stand: who
	 * sees that a call added none may add one for it. */
	int64_t audited, audited_before;
};

/* Make a data folder. RC_INVALID when there is one already, or when the folder
 * holds anything else. The first main commit of the catalog is the caller's
 * (ledger_found). */
enum rc store_init(const char *dir, const struct host *host, bool fast,
		   struct err *err);
/* A folder of an earlier format is brought up to date, in one transaction, and
 * a line on stderr says so; RC_INVALID for one of a later format. */
enum rc store_open(struct store **out, const char *dir, const struct host *host,
		   bool fast, struct err *err);
void store_close(struct store *s);
/* For as long as *out is open no other server gets it: RC_BUSY. The kernel lets
 * it go when the process ends, however it ends. Commands do not ask for it. */
enum rc store_serve_lock(const char *dir, int *out, struct err *err);
/* A write transaction, unless the caller has one: then *mine is false, and
 * store_write_end leaves it open, to be rolled back by the caller after a
 * failure. Else it is committed, or rolled back where rc says so. */
enum rc store_write_begin(struct store *s, bool *mine, struct err *err);
enum rc store_write_end(struct store *s, bool mine, enum rc rc,
			struct err *err);

/* Read kinds again when the catalog moved since they were read. (Their tables
 * are made by the ledger, with the kind's record.) Inside or outside a
 * transaction. */
enum rc store_refresh_kinds(struct store *s, struct err *err);

/* A path inside the data folder, malloc'd. */
char *store_path(const struct store *s, const char *name);
enum rc store_meta_get(struct store *s, const char *key, char **out,
		       struct err *err); /* malloc'd; RC_NOT_FOUND */
enum rc store_meta_put(struct store *s, const char *key, const char *value,
		       struct err *err);

/* Inside a transaction: another epoch, after a restore from a backup; meta
 * "epochs" keeps the former ones, oldest first, a space between. */
enum rc store_epoch_new(struct store *s, struct err *err);
/* Was this one of the folder's epochs, or is it now? */
enum rc store_epoch_known(struct store *s, const char *epoch, bool *known,
			  struct err *err);

/* A record as it stands: canonical text (malloc'd, *len bytes), as stored
 * (outer form for sealed kinds). RC_NOT_FOUND sets no message. */
enum rc store_record(struct store *s, const char *scope, const char *kind,
		     const char *id, char **out, size_t *len, int64_t *position,
		     struct err *err);
/* The same parsed, a new reference; NULL where there is none, or no id. */
enum rc store_look(struct store *s, const char *scope, const char *kind,
		   const char *id, json_t **out, struct err *err);
/* Its text as of a position of the log. */
enum rc store_record_at(struct store *s, const char *scope, const char *kind,
			const char *id, int64_t position, char **out,
			size_t *len, struct err *err);
/* What was written at a position. */
enum rc store_version(struct store *s, const char *scope, int64_t position,
		      char **out, size_t *len, struct err *err);

/* Keys of sealed records, per subject. key_id has room for 21. RC_NOT_FOUND
 * when there is none or it was destroyed (no message). */
enum rc store_key_of(struct store *s, const char *scope, const char *subject,
		     char key_id[21], unsigned char key[SEAL_KEY_BYTES],
		     struct err *err);
enum rc store_key_by_id(struct store *s, const char *key_id,
			unsigned char key[SEAL_KEY_BYTES], struct err *err);
/* The subject's key, minted when there is none; RC_DENIED when it was
 * destroyed. */
enum rc store_key_mint(struct store *s, const char *scope, const char *subject,
		       char key_id[21], unsigned char key[SEAL_KEY_BYTES],
		       struct err *err);
/* Destroy it for ever; RC_NOT_FOUND when there is none. */
enum rc store_key_destroy(struct store *s, const char *scope,
			  const char *subject, const char *by,
			  const char *reason, struct err *err);

/* Accounts of people who work at the office. */
struct account {
	char name[33];
	unsigned roles; /* enum role */
	char scopes[256]; /* comma separated division prefixes; "*" for all */
	char agency[256]; /* comma separated ids of agencies; "" for all */
	int64_t password_version; /* grows with each password that is set */
	bool is_disabled;
	bool is_reader; /* came with a token that changes nothing */
	/* With what it came, for the audit log: "password", "session:<12 hex>",
	 * "token:<id>", "terminal:<id>"; "" for who needs none. */
	char with[32];
	char given_by[33]; /* who made that token for it; "": itself */
};
#define ACCOUNT_ETAG_SIZE 33
/* Of all that can be changed of it; without quotes. */
void account_etag(const struct account *a, char out[ACCOUNT_ETAG_SIZE]);
/* Comma separated division prefixes of two to six digits, "catalog", or "*". */
bool account_scopes_are_legal(const char *scopes);
/* Does the first list lie within the second? */
bool account_scopes_cover(const char *scopes, const char *all);
/* Comma separated ids, or "" for all agencies. */
bool account_agency_is_legal(const char *agency);
/* "coordinator,analyst"; cut where n is too short. */
void account_roles_text(char *out, size_t n, unsigned roles);

/* What is to be different; the rest stays. Text is borrowed. */
struct account_change {
	const char *name;
	bool is_new; /* else it exists */
	unsigned roles; /* 0: as they are */
	const char *scopes; /* NULL: as they are */
	const char *agency; /* NULL: as it is; "": all */
	const char *password; /* NULL: as it is, or none */
	/* password_hash() of it, for who may not wait so long inside a
	 * transaction; NULL: it is made here. */
	const char *hash;
	enum { ACCOUNT_AS_IS, ACCOUNT_ENABLE, ACCOUNT_DISABLE } state;
	const char *seen; /* only while its etag is this; NULL: anyhow */
};
struct audit_by; /* store/audit.h */
/* Add or change an account, with an entry in the audit log, in one transaction.
 * RC_DENIED unless `actor` is an administrator for all agencies whose scopes
 * have those of the account, before and after; one's own password anybody may
 * set, one's own roles, scopes and agencies nobody; NULL: the server itself.
 * Whoever does not administer all scopes gives nobody a role that it has not
 * itself, nor a password to an account that has one. RC_INVALID where a new
 * scope or agency is one that the catalog, which has such, has not.
 * RC_CONFLICT when it is not what was seen.
 * The last active administrator stays one. A disabled account and a new
 * password end the account's sessions. */
enum rc account_change(struct store *s, const struct account *actor,
		       const struct account_change *change,
		       const struct audit_by *by, struct err *err);
/* The same by the server itself, for the first accounts of a folder. */
enum rc account_add(struct store *s, const char *name, unsigned roles,
		    const char *scopes, const char *password, struct err *err);
/* Who acts: RC_NOT_FOUND "there is no account 'x'", RC_DENIED when it is
 * disabled. */
enum rc account_get(struct store *s, const char *name, struct account *out,
		    struct err *err);
/* The same of a disabled one too. */
enum rc account_look(struct store *s, const char *name, struct account *out,
		     struct err *err);
bool account_may(const struct account *a, unsigned role, const char *scope);
/* Is it an administrator for all agencies whose scopes have those of the other?
 */
bool account_manages(const struct account *actor, const struct account *of);
/* The same of an administrator or an auditor: may it know what the other may?
 */
bool account_sees(const struct account *actor, const struct account *of);
/* May it see and write what is this agency's? NULL: nobody's, everybody may. */
bool account_may_agency(const struct account *a, const char *agency);
/* The field that names the record whose agency one of this kind has, where it
 * has none itself: a tablet is its officer's. NULL: none. */
const struct field *store_whose(const struct kind *k);
/* May it see and write what is of this record? One that is not there, or has no
 * agency, is nobody's. */
enum rc store_may_agency_of(struct store *s, const struct account *a,
			    const char *scope, const char *kind, const char *id,
			    bool *may, struct err *err);
/* Is this the account's password? RC_DENIED for a wrong one, an account without
 * one, a disabled account and an unknown one alike, after the same work
 * (Argon2id, 64 MiB). */
enum rc account_proves(struct store *s, const char *name, const char *password,
		       struct account *out, struct err *err);

/* All tables of hufu.db but those of kinds and the tree, as this version makes
 * them. */
enum rc store_tables_create(struct db *db, struct err *err);

#endif
