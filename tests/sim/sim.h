/* sim/sim.h - seeded histories of one server and its tablets.
 *
 * Store, ledger, replica, wire bytes and SQLite are the programs' own. Only
 * clock, randomness and network are replaced, and all three come from the seed,
 * so that a history can be replayed to the byte. After every quiet period the
 * seven promises of docs/protocol.md ("What must hold") are checked. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/fault.h"
#include "lib/loop.h"
#include "replica/replica_impl.h"

#define COUNTY "330106"
#define OTHER "330108" /* of some tablets, and not for ever */
#define SCOPES 3
#define PIN "246813"
#define TABLETS_MAX 8
#define KEPT_MAX 48
#define COPIES_MAX 2

/* rng.c: xoshiro256** by Blackman and Vigna, seeded by splitmix64. */
struct rng {
	uint64_t s[4];
};
void rng_seed(struct rng *r, uint64_t seed, uint64_t stream);
uint64_t rng_next(struct rng *r);
/* 0 <= result < n */
int rng_below(struct rng *r, int n);
bool rng_chance(struct rng *r, int percent);

/* A machine: its own clock, its own randomness. */
struct device {
	struct host host;
	const int64_t *now_ms; /* true time, borrowed */
	int64_t skew_ms, booted_ms;
	uint64_t boot;
	struct rng rng;
};
void device_init(struct device *d, const int64_t *now_ms, uint64_t seed,
		 uint64_t stream);
void device_reboot(struct device *d);

/* A request as it went over the wire. */
struct parcel {
	int tablet;
	char *path;
	char terminal[40], signature[SIGN_BYTES * 2];
	void *body;
	size_t body_bytes;
};

enum weather {
	FAIR,
	DROPPED, /* the request never arrives */
	DELAYED, /* it arrives later, after others; nobody hears the answer */
	DOUBLED, /* it arrives twice */
	CUT_UP, /* a part of it arrives */
	LOST, /* the answer is lost */
	CUT_DOWN, /* a part of the answer arrives */
	SERVER_DIES, /* between any two calls of its store, or one fails */
	EDITED, /* the inspector edits between request and answer */
	EDITED_LOST, /* and then the answer is lost */
	BESIDE, /* another program syncs the file meanwhile */
	OFFICE, /* the office writes before the next page is asked for */
	WEATHER__MAX
};

struct tablet {
	struct sim *sim;
	int number;
	char path[200];
	char officer[16], terminal[40], enrolment[40];
	struct device device;
	struct replica *r; /* NULL until it joined */
	struct exchange exchange;
	enum weather weather; /* of a request to come, after */
	int weather_in; /* so many others */
	long dies_in; /* store calls until the tablet dies; 0: never */
	bool only_stumbles; /* one call fails, and life goes on */
	enum fault fails; /* FAULT_STORE, or FAULT_ALLOC when it stumbles */
	bool is_dead, has_stumbled, is_revoked, was_restored;
	bool is_in_other; /* as the office says */
	int copies; /* earlier copies of the file */
	json_t *wanted; /* "kind/id/field" -> value of the last edit */
};

struct sim {
	uint64_t seed;
	bool verbose;
	struct rng rng;
	char dir[160];
	int64_t now_ms;
	struct device server;
	struct loop loop;
	struct tablet tablets[TABLETS_MAX];
	int ntablets, joined;
	const char *county; /* that the office writes */
	int serial; /* makes values unlike one another */
	json_t *packets; /* oid -> what a tablet signed: see note.c */
	json_t *values; /* "terminal/kind/id/field=value" -> [oid...] */
	json_t *refused; /* "journal kind/id" -> body last quarantined */
	json_t *drafts; /* records as the office saw them some time ago */
	struct parcel kept[KEPT_MAX], delayed[KEPT_MAX];
	int nkept, ndelayed;
	bool kind_extended;
	bool is_starved; /* the server ran out of memory in this request */
	int step;
	char what[256]; /* the step that runs */
	bool failed;
	char broken[900]; /* the promise that was broken, and what differs */
	struct err err;
	/* figures */
	int syncs, packets_made, conflicts, quarantined, crashes, replays,
		reassigned, adopted, wiped;
	int forks, quiets;
};

/* main.c */
void say(struct sim *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A promise is broken: the first report wins, and the history ends. */
void broke(struct sim *s, const char *promise, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Fails the history unless rc is RC_OK; forgets the error. */
bool must(struct sim *s, enum rc rc, const char *doing);
void forget(struct sim *s);

/* world.c */
bool world_make(struct sim *s);
void world_free(struct sim *s);
void tablet_skew(struct tablet *t);
bool tablet_reopen(struct tablet *t, bool unlock);
void server_reopen(struct sim *s);
bool heads_get(struct sim *s, struct head heads[SCOPES]);
extern const char *const scopes[SCOPES];
struct tablet *any_tablet(struct sim *s);

/* join.c */
bool tablet_join(struct sim *s);

/* net.c */
enum rc net_perform(void *ctx, const struct exchange_request *q,
		    struct exchange_reply *reply, struct err *err);
/* Deliver a request that was delayed. */
void net_deliver_late(struct sim *s);
/* Deliver a request once more: its receipts stay the same and no head moves. */
void net_replay(struct sim *s, int which);
void parcel_release(struct parcel *p);
/* Arm the store's failure for the tablet, and see what came of it. */
void life_begin(struct tablet *t);
void life_end(struct tablet *t);
void life_expectancy(struct tablet *t, int percent);
/* Sync with what the tablet's weather and life expectancy bring. */
enum rc tablet_sync(struct tablet *t, struct sync_summary *sum);

/* note.c: what tablets signed and what the server said of it. */
void tablet_note(struct tablet *t);
/* Receipts of an answer; false when one of them may still change. */
bool answer_note(struct sim *s, const struct buf *body);
/* The signed packets that hold the tablet's value of a field; borrowed. */
json_t *value_packets(struct sim *s, const char *terminal, const char *path,
		      const json_t *value);

/* edit.c */
void tablet_edit(struct tablet *t, bool by_another);
void tablet_undo(struct tablet *t);
/* One text or integer of a replica, by a statement of constant text. */
int64_t ask_int(struct tablet *t, const char *sql);
/* Is the other county in this file now? */
bool has_other(struct tablet *t);
bool ask_id(struct tablet *t, const char *sql, int offset, char id[33]);

/* office.c */
void office_seed(struct sim *s);
void office_edit(struct sim *s);
void office_decide(struct sim *s);
void office_key_destroy(struct sim *s);
void office_extend(struct sim *s);
void office_revoke(struct sim *s);
/* A tablet gets or loses its part in the other county. */
void office_part(struct sim *s);
void office_adopt(struct sim *s);

/* wipe.c: a tablet with unsent work is wiped by order; the history ends. */
void wipe_last(struct sim *s);

/* life.c: crashes, copies, quiet periods */
void step_any(struct sim *s);
void quiet(struct sim *s, bool last);

/* check.c, check_merge.c */
/* `deep`: record by record, and everything recomputed. */
void check_tablet(struct tablet *t, bool deep);
void check_server(struct sim *s);
void check_server_quick(struct sim *s);
void check_packets(struct sim *s, bool again);
void check_conflicts(struct sim *s);
void check_wanted(struct tablet *t);
/* Plain form of a stored record, NULL when its key is gone. */
json_t *plain_of(struct sim *s, const char *kind, const json_t *stored);
json_t *plain_read(struct sim *s, const char *kind, const char *text, size_t n);

#endif
