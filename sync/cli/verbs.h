/* cli/verbs.h - what the commands of `hufu` share.
 *
 * A command is a function in cmd_<verb>.c and a line in the table of main.c.
 * Exit codes: 0 done, 1 failure, 2 bad use. Results go to stdout, progress and
 * complaints to stderr. All that they do they do by the public library: what a
 * command can, any program can. */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include <stdbool.h>

#include "hufu/hufu.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USE = 2 };

struct verb;

struct verb_kind {
	const char *name;
	int (*run)(struct verb *v);
	const char *what; /* one line for the list of commands */
	const char *usage; /* what --help prints */
	int words_min, words_max;
};

#define WORDS_MAX 5

struct verb {
	const char *name;
	/* set from the command line: */
	const char *words[WORDS_MAX];
	int nwords;
	const char *replica; /* path; --replica or HUFU_REPLICA */
	const char *pin_file; /* --pin-file or HUFU_PIN_FILE */
	const char *code, *message, *reason;
	const char *point, *caption, *media, *fix; /* of attach */
	const char *quota, *rate; /* sizes: 500K, 2G */
	bool no_upload;
	bool json, insecure, main_state;
	/* while it runs: */
	struct hufu *h;
};

int verb_enroll(struct verb *v);
int verb_clone(struct verb *v);
int verb_status(struct verb *v);
int verb_diff(struct verb *v);
int verb_commit(struct verb *v);
int verb_undo(struct verb *v);
int verb_sync(struct verb *v);
int verb_bundle(struct verb *v);
int verb_peer(struct verb *v);
int verb_repair(struct verb *v);
int verb_log(struct verb *v);
int verb_conflicts(struct verb *v);
int verb_adopt(struct verb *v);
int verb_verify(struct verb *v);
int verb_info(struct verb *v);
int verb_find(struct verb *v);
int verb_show(struct verb *v);
int verb_attach(struct verb *v);
int verb_upload(struct verb *v);

/* Print "hufu sync: message", the library's or one's own, and answer the exit
 * code. */
int verb_fail(struct verb *v);
int verb_complain(struct verb *v, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int verb_misuse(struct verb *v, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Open the replica; EXIT_DONE, or a message and its code. */
int verb_open(struct verb *v);
/* Put the capture of edits right and say what was wrong with it. */
int verb_mend(struct verb *v);
/* Print a whole list, or the entry where it stands, as JSON on one line. */
int verb_json_all(struct hufu_list *list);
int verb_json_entry(struct hufu_list *list);
/* Print a text on one line, as JSON has it but for its quotes: nothing that
 * somebody wrote moves a cursor or begins a line. */
void verb_print_text(struct hufu_list *list, const char *name);
/* Progress on stderr, only where somebody looks at it: a hufu_progress_fn. */
int verb_progress(void *ctx, const char *what, int64_t done, int64_t total);
void verb_progress_end(void);
/* One line per scope: "330106  at position 12  root 9f3c1a2b4d". */
int verb_print_scopes(struct verb *v, const char *word);
/* What the replica knows of itself, as JSON. */
int verb_print_info(struct verb *v);
/* "500K", "2G" as bytes, `otherwise` for NULL; -1: it is none. */
int64_t size_of(const char *text, int64_t otherwise);
/* "2.1 MB". */
#define SIZE_TEXT 16
void size_text(char out[SIZE_TEXT], int64_t bytes);
/* Send what is under way after a sync; a failure is told and is none. */
int verb_lane(struct verb *v);
/* "" for one, "s" for any other number. */
const char *plural(int64_t n);

#define PIN_SIZE 132
/* From --pin-file, or asked for on the terminal, twice when it is new; wipe it
 * after use. EXIT_DONE, or a message, such as that nobody can be asked. */
int pin_get(struct verb *v, bool is_new, char pin[PIN_SIZE]);
bool pin_is_at_hand(const struct verb *v);
/* Unlock the officer's key; EXIT_DONE, or a message and its code. */
int verb_unlock(struct verb *v);
/* The same where there are edits to commit and a PIN is at hand. */
int verb_unlock_if_needed(struct verb *v);
/* "1 packet, 11 records up; 3 down; ..." of a report. */
void verb_print_work(struct hufu_list *report);

#endif
