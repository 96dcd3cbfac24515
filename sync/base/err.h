/* base/err.h - what can go wrong, and the one message that says so.
 *
 * A function that can fail returns `enum rc` and takes `struct err *` last.
 * The place that first knew says it once; everyone above passes it on
 * untouched. Messages are one line, lower case, no full stop, with the thing in
 * quotes: item 'i7' is not open. `err` may not be NULL. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum rc {
	RC_OK = 0,
	RC_INVALID, /* the caller's input breaks a stated rule */
	RC_DENIED, /* the actor may not do this */
	RC_NOT_FOUND, /* there is no such thing */
	RC_CONFLICT, /* the record moved on since the caller read it */
	RC_BUSY, /* try again: a lock or a quota, not a defect */
	RC_CORRUPT, /* stored or received bytes fail their check */
	RC_IO, /* the disk or the network failed */
	RC_NOMEM, /* memory ran out, or a stated limit was reached */
	RC__MAX
};

#define ERR_TEXT_MAX 320

struct err {
	enum rc code;
	char text[ERR_TEXT_MAX];
};

/* Record a failure and return its code: `return err_set(err, RC_..., ...)`.
 * The first report wins; a later one is ignored (its code is still returned
 * from the first). */
enum rc err_set(struct err *err, enum rc code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Forget a failure that was dealt with. */
void err_clear(struct err *err);

/* The name of a code, such as "not_found". */
const char *rc_name(enum rc code);

#endif
