/* sim/join.c - a tablet enrols and clones, in any weather, until it succeeds.
 */
#include "sim/sim.h"

#include "base/jcs.h"
#include "ledger/enrol.h"

#define TRIES_MAX 6

static bool identity_note(struct tablet *t)
{
	struct sim *s = t->sim;
	json_t *info = NULL;

	if (!must(s, replica_info(t->r, &info, &s->err), "ask who it is"))
		return false;
	snprintf(t->terminal, sizeof(t->terminal), "%s",
		 json_text(info, "terminal"));
	snprintf(t->enrolment, sizeof(t->enrolment), "%s",
		 json_text(info, "enrolment"));
	json_decref(info);
	return true;
}

/* Enrol, or clone where that is done. */
static enum rc stage_try(struct tablet *t, const char *code)
{
	struct sim *s = t->sim;
	enum rc rc;

	life_begin(t);
	rc = t->enrolment[0]
		     ? replica_clone(t->r, &t->exchange, NULL, NULL, &s->err)
		     : replica_enroll(t->r, &t->exchange, "http://sim", code,
				      PIN, &s->err);
	life_end(t);
	t->dies_in = 0;
	t->weather = FAIR;
	return rc;
}

static void weather_choose(struct tablet *t)
{
	static const enum weather all[] = { FAIR, FAIR,     DROPPED,
					    LOST, CUT_DOWN, SERVER_DIES };
	struct rng *r = &t->sim->rng;

	t->weather = all[rng_below(r, 6)];
	t->weather_in = rng_below(r, 3);
	life_expectancy(t, 40);
	t->dies_in *= 3;
}

static bool join_try(struct tablet *t, const char *code, bool rough, bool *done)
{
	struct sim *s = t->sim;
	bool was_enrolled = t->enrolment[0] != '\0';
	enum rc rc;

	t->dies_in = 0;
	t->has_stumbled = false;
	if (rough)
		weather_choose(t);
	rc = stage_try(t, code);
	say(s, "  %s: %s %s", was_enrolled ? "clone" : "enrolment", rc_name(rc),
	    rc == RC_OK ? "" : s->err.text);
	/* The clone stands, only its sync failed. */
	*done = was_enrolled &&
		(rc == RC_OK ||
		 (rc == RC_INVALID && strstr(s->err.text, "has data")));
	if (t->is_dead) {
		forget(s);
		*done = false;
		s->crashes++;
		return tablet_reopen(t, was_enrolled);
	}
	if (rc != RC_OK && !*done && rc != RC_IO && !t->has_stumbled)
		must(s, rc, "join");
	forget(s);
	return !s->failed && (rc != RC_OK || was_enrolled || identity_note(t));
}

/* With a right clock: only afterwards does its battery run down. */
bool tablet_join(struct sim *s)
{
	struct tablet *t = &s->tablets[s->joined++];
	struct account admin;
	struct op op = loop_op(&s->loop, &admin, &s->err);
	const char *const counties[] = { COUNTY, OTHER };
	char code[ENROL_CODE_SIZE];
	bool rough = rng_chance(&s->rng, 30), done = false;

	say(s, "tablet %d of %s joins", t->number, t->officer);
	t->device.skew_ms = s->server.skew_ms;
	t->is_in_other = rng_chance(&s->rng, 40);
	if (!must(s,
		  enrol_code_for(&op, t->officer, counties,
				 t->is_in_other ? 2 : 1, code),
		  "make a code") ||
	    !must(s, replica_create(&t->r, t->path, &t->device.host, &s->err),
		  "make a file"))
		return false;
	for (int i = 0; i < 2 * TRIES_MAX && !done; i++) {
		t->device.skew_ms = s->server.skew_ms;
		if (!join_try(t, code, rough && i < TRIES_MAX, &done))
			return false;
	}
	if (!done)
		broke(s, "a tablet can join", "tablet %d cannot", t->number);
	if (!s->failed && !replica_is_unlocked(t->r))
		must(s, replica_unlock(t->r, PIN, &s->err), "unlock");
	if (!s->failed && replica_verify(t->r, &s->err) != RC_OK)
		broke(s, "6 a failure leaves before or after",
		      "tablet %d does not verify after it joined: %s",
		      t->number, s->err.text);
	if (rng_chance(&s->rng, 60))
		tablet_skew(t);
	return !s->failed;
}
