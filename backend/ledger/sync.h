/* ledger/sync.h - one sync of a terminal, in the three steps of
 * docs/protocol.md: prepared by a worker, taken in by the writer, answered
 * from one read transaction.
 *
 *   sync_prepare (worker) -> sync_take (writer, in a batch) -> sync_answer
 * (worker)
 *
 * A sync that brings nothing new goes from the first step to the third. */
#ifndef LEDGER_SYNC_H
#define LEDGER_SYNC_H

#include "base/arena.h"
#include "ledger/ledger.h"

struct sync;
struct batch;

/* What HTTP says beside the body. */
struct sync_input {
	const char *terminal; /* Hufu-Terminal */
	const char *signature; /* Hufu-Signature */
	const char *path; /* "/v1/sync" */
	const void *body; /* deflated; kept by the caller until sync_free */
	size_t body_bytes;
	/* SHA-256 of the body, for terminal_signed(); may be NULL elsewhere. */
	const unsigned char *digest;
	bool is_proved; /* terminal_signed() said so, and this is that body */
};

/* Is the head of a request signed by its terminal, whatever became of it since?
 * Asked before the body is read: `body` is not looked at. RC_DENIED. */
enum rc terminal_signed(struct store *s, const struct sync_input *in,
			struct err *err);

/* Verify and rebuild on a reader's store. RC_DENIED: who sent this is not known
 * or not proven; RC_INVALID, RC_CORRUPT, RC_NOMEM: the request is no good. */
enum rc sync_prepare(struct sync **out, struct store *reader,
		     const struct sync_input *in, struct err *err);
/* Is there anything for the writer? */
bool sync_has_news(const struct sync *s);
/* Take the packets in. The caller wraps it in batch_mark and batch_keep. */
enum rc sync_take(struct sync *s, struct batch *b);
/* Take the packets of all these syncs in, in one transaction and one main
 * commit a scope. *one failing takes back that one only: its outcomes[i] says
 * why. */
enum rc sync_take_all(struct store *writer, struct sync *const *all, size_t n,
		      int64_t now_ms, struct err *outcomes, struct err *err);
/* Append the answer's body. `revoked`: the terminal is; answer with 403. */
enum rc sync_answer(struct sync *s, struct store *reader, int64_t now_ms,
		    struct buf *body, bool *revoked, struct err *err);
/* After an answer that has a further page, for a request whose sender cannot
 * ask for it: turns to it, so that sync_answer appends that page. False at the
 * end. */
bool sync_page_turn(struct sync *s);
/* Of the terminal that sent it; borrowed, SIGN_PUBLIC_BYTES. */
const unsigned char *sync_terminal_key(const struct sync *s);
/* SHA-256 of the request's JSON; borrowed. */
const unsigned char *sync_digest(const struct sync *s);
/* For the log line. */
void sync_figures(const struct sync *s, const char **terminal, size_t *packets,
		  size_t *rows_down);
void sync_free(struct sync *s);

/* Is a request without a body signed by an active terminal that covers `scope`?
 * `time_text` is Hufu-Time. RC_DENIED says why not. `scope` may be NULL;
 * *scopes (or NULL) is then all that the terminal covers, the catalog first: a
 * new array. */
enum rc terminal_proves(struct store *s, const char *terminal,
			const char *time_text, const char *signature,
			const char *method, const char *path, const char *scope,
			int64_t now_ms, json_t **scopes, struct err *err);
/* Is a request with a body signed by an active terminal? */
enum rc terminal_signs(struct store *s, const struct sync_input *in,
		       struct err *err);
/* The same of any scope: who stands behind a request, as an account. Text is
 * borrowed; NULL: the header was not there. */
struct terminal_word {
	const char *terminal, *time_text, *signature, *method, *path;
};
/* *out has the officer's name, the role inspector and the terminal's scopes. */
enum rc terminal_account(struct store *s, const struct terminal_word *w,
			 int64_t now_ms, struct account *out, struct err *err);

#endif
