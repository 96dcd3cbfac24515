/* cli/verbs.h - what the commands of `hufu` share.
 *
 * A command is a function in cmd_<verb>.c and a line in the table of main.c.
 * Exit codes: 0 done, 1 failure, 2 bad use. Results go to stdout, progress and
 * complaints to stderr. */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "replica/replica.h"
#include "transport/http_client.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USE = 2 };

struct verb;

struct verb_kind {
	const char *name;
	int (*run)(struct verb *v);
	const char *what; /* one line for the list of commands */
	const char *usage; /* what --help prints */
	int words_min, words_max;
};

struct verb {
	const char *name;
	/* set from the command line: */
	const char *words[3];
	int nwords;
	const char *replica; /* path; --replica or HUFU_REPLICA */
	const char *pin_file; /* --pin-file or HUFU_PIN_FILE */
	const char *code, *message;
	bool json, insecure;
	/* while it runs: */
	struct replica *r;
	struct http_client *client;
	struct exchange exchange;
	struct err err;
};

int verb_enroll(struct verb *v);
int verb_clone(struct verb *v);
int verb_status(struct verb *v);
int verb_diff(struct verb *v);
int verb_commit(struct verb *v);
int verb_undo(struct verb *v);
int verb_sync(struct verb *v);
int verb_log(struct verb *v);
int verb_conflicts(struct verb *v);
int verb_verify(struct verb *v);
int verb_info(struct verb *v);

/* Print "hufu sync: message" and answer the exit code. */
int verb_fail(struct verb *v);
int verb_misuse(struct verb *v, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Open the replica; EXIT_DONE, or a message and its code. */
int verb_open(struct verb *v);
/* Put the capture of edits right and say what was wrong with it. */
int verb_mend(struct verb *v);
/* Open the replica and a client for its server. */
int verb_connect(struct verb *v);
int verb_client(struct verb *v, const char *url);
/* Print a value on one line. */
void verb_json(const json_t *value);
/* Progress on stderr, only where somebody looks at it. */
void verb_progress(void *ctx, const char *what, int64_t done, int64_t total);
void verb_progress_end(void);
/* One line per scope: "330106  at position 12  root 9f3c1a2b4d". */
int verb_print_scopes(struct verb *v, const char *word);

#define PIN_SIZE 132
/* From --pin-file, or asked for on the terminal, twice when it is new. Wipe it
 * after use. RC_INVALID "a pin is needed ..." when nobody can be asked. */
enum rc pin_get(const struct verb *v, bool is_new, char pin[PIN_SIZE],
		struct err *err);
bool pin_is_at_hand(const struct verb *v);
/* Unlock the officer's key; EXIT_DONE, or a message and its code. */
int verb_unlock(struct verb *v);

#endif
