/* sim/life.c - steps, deaths, copies and quiet periods. */
#include "sim/sim.h"

#include "base/fault.h"

#define ROUNDS_MAX 8
#define MINUTE_MS 60000

/* After its death a file is as it was before or as it is after. */
static void revive(struct tablet *t)
{
	struct sim *s = t->sim;

	s->crashes++;
	forget(s);
	say(s, "  tablet %d died and is opened again", t->number);
	if (!tablet_reopen(t, rng_chance(&s->rng, 80)))
		return;
	if (replica_verify(t->r, &s->err) != RC_OK)
		broke(s, "6 a failure leaves before or after",
		      "tablet %d does not verify after it died: %s", t->number,
		      s->err.text);
	tablet_note(t);
}

void life_expectancy(struct tablet *t, int percent)
{
	struct rng *r = &t->sim->rng;

	t->has_stumbled = false;
	t->only_stumbles = rng_chance(r, 35);
	t->fails = t->only_stumbles && rng_chance(r, 40) ? FAULT_ALLOC
							 : FAULT_STORE;
	t->dies_in = rng_chance(r, percent)
			     ? 1 + rng_below(r, 1 << (2 + rng_below(r, 9)))
			     : 0;
}

static void verify_after(struct tablet *t, const char *what)
{
	struct sim *s = t->sim;

	if (!s->failed && replica_verify(t->r, &s->err) != RC_OK)
		broke(s, "6 a failure leaves before or after",
		      "tablet %d does not verify after %s: %s", t->number, what,
		      s->err.text);
}

static void step_commit(struct sim *s, struct tablet *t)
{
	int packets, records;
	enum rc rc;

	life_expectancy(t, 15);
	life_begin(t);
	rc = replica_commit(t->r, "as it was", &packets, &records, &s->err);
	life_end(t);
	t->dies_in = 0;
	say(s, "tablet %d commits: %s, %d packets, %d records", t->number,
	    rc_name(rc), packets, records);
	if (t->is_dead) {
		revive(t);
		return;
	}
	if (rc != RC_OK && !t->has_stumbled &&
	    !(rc == RC_DENIED && !replica_is_unlocked(t->r)))
		must(s, rc, "commit");
	forget(s);
	if (t->has_stumbled)
		verify_after(t, "a failed commit");
	tablet_note(t);
}

/* Bad weather is an excuse, and so is a PIN that nobody typed. */
static bool excused(const struct tablet *t, enum rc rc, enum weather w)
{
	return rc == RC_OK || rc == RC_IO || t->has_stumbled ||
	       (rc == RC_DENIED &&
		(t->is_revoked || !replica_is_unlocked(t->r))) ||
	       (rc == RC_BUSY && w == BESIDE);
}

static void step_sync(struct sim *s, struct tablet *t)
{
	struct sync_summary sum;
	enum weather w;
	enum rc rc;

	w = rng_chance(&s->rng, 35)
		    ? FAIR
		    : (enum weather)rng_below(&s->rng, WEATHER__MAX);
	if (w == BESIDE && !replica_is_unlocked(t->r))
		w = FAIR;
	t->weather = w;
	t->weather_in = rng_chance(&s->rng, 25) ? 1 + rng_below(&s->rng, 3) : 0;
	life_expectancy(t, 12);
	say(s, "tablet %d syncs", t->number);
	rc = tablet_sync(t, &sum);
	if (t->is_dead) {
		revive(t);
		return;
	}
	if (!excused(t, rc, w))
		must(s, rc, "sync");
	forget(s);
	if (rc != RC_OK || t->has_stumbled)
		verify_after(t, "a failed sync");
}

static bool file_copy(struct sim *s, const char *from, const char *to)
{
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	char piece[65536];
	size_t n;

	while (in && out && (n = fread(piece, 1, sizeof(piece), in)) > 0)
		fwrite(piece, 1, n, out);
	if (!in || !out)
		broke(s, "a file can be copied", "%s", from);
	if (in)
		fclose(in);
	if (out)
		fclose(out);
	return !s->failed;
}

static void step_copy(struct sim *s, struct tablet *t)
{
	char copy[220];

	snprintf(copy, sizeof(copy), "%s.copy%d", t->path,
		 t->copies < COPIES_MAX ? t->copies++
					: rng_below(&s->rng, COPIES_MAX));
	say(s, "tablet %d is copied", t->number);
	file_copy(s, t->path, copy);
}

/* The file of some days ago comes back: what was signed since and never
 * arrived is lost with it, what arrived is not. */
static void step_restore(struct sim *s, struct tablet *t)
{
	char copy[220];
	const char *path;
	json_t *value;
	void *next;

	if (!t->copies)
		return;
	snprintf(copy, sizeof(copy), "%s.copy%d", t->path,
		 rng_below(&s->rng, t->copies));
	say(s, "tablet %d is restored from a copy", t->number);
	replica_close(t->r);
	t->r = NULL;
	if (!file_copy(s, copy, t->path) || !tablet_reopen(t, true))
		return;
	t->was_restored = true;
	tablet_note(t);
	/* Its last edits are those of the copy, which nobody kept. */
	json_object_foreach_safe(t->wanted, next, path, value)
		json_object_del(t->wanted, path);
}

static void step_edits(struct sim *s, struct tablet *t)
{
	say(s, "tablet %d edits", t->number);
	tablet_edit(t, rng_chance(&s->rng, 20));
}

/* Hours, sometimes weeks; and the server's clock is set. */
static void step_time(struct sim *s)
{
	int hours = rng_chance(&s->rng, 25) ? 24 * rng_below(&s->rng, 40)
					    : rng_below(&s->rng, 60);

	say(s, "%d hours pass", hours);
	s->now_ms += (int64_t)hours * 60 * MINUTE_MS;
	if (rng_chance(&s->rng, 30))
		s->server.skew_ms =
			(rng_below(&s->rng, 240) - 120) * (int64_t)MINUTE_MS;
}

static void step_rare(struct sim *s, struct tablet *t)
{
	switch (rng_below(&s->rng, 16)) {
	case 0:
	case 1:
	case 2: step_copy(s, t); break;
	case 3:
	case 4: step_restore(s, t); break;
	case 5:
		if (!s->kind_extended)
			office_extend(s);
		break;
	case 6: office_key_destroy(s); break;
	case 7:
		if (rng_chance(&s->rng, 15))
			office_revoke(s);
		break;
	case 8:
		if (s->joined < s->ntablets)
			tablet_join(s);
		break;
	case 9: step_time(s); break;
	case 10:
	case 11: office_adopt(s); break;
	case 12:
	case 13: office_part(s); break;
	default:
		say(s, "tablet %d reboots", t->number);
		tablet_reopen(t, rng_chance(&s->rng, 60));
	}
}

void step_any(struct sim *s)
{
	struct tablet *t = any_tablet(s);
	int dice = rng_below(&s->rng, 100);

	s->now_ms += rng_below(&s->rng, 10 * MINUTE_MS);
	if (dice < 36)
		step_edits(s, t);
	else if (dice < 43)
		step_commit(s, t);
	else if (dice < 45)
		tablet_undo(t);
	else if (dice < 74)
		step_sync(s, t);
	else if (dice < 86)
		office_edit(s);
	else if (dice < 90)
		office_decide(s);
	else if (dice < 92 && s->ndelayed)
		net_deliver_late(s);
	else
		step_rare(s, t);
}

/* One fair sync of every tablet; did anything move? */
static bool round_of_syncs(struct sim *s)
{
	struct head before[SCOPES], after[SCOPES];
	bool moved = false;

	if (!heads_get(s, before))
		return false;
	for (int i = 0; i < s->joined && !s->failed; i++) {
		struct tablet *t = &s->tablets[i];
		struct sync_summary sum;
		enum rc rc = tablet_sync(t, &sum);

		if (rc == RC_DENIED && t->is_revoked) {
			forget(s);
			continue;
		}
		if (!must(s, rc, "sync in fair weather"))
			return false;
		if (!sum.all_equal)
			broke(s, "1 the halves match",
			      "tablet %d says that its roots differ", i);
		moved |= sum.packets_sent || sum.records_received;
	}
	if (!s->failed && heads_get(s, after))
		for (int i = 0; i < SCOPES; i++)
			moved |=
				!oid_equal(&before[i].commit, &after[i].commit);
	return moved;
}

void quiet(struct sim *s, bool last)
{
	int rounds = 0;

	say(s, "quiet");
	s->quiets++;
	for (int i = 0; i < s->joined && !s->failed; i++)
		if (!replica_is_unlocked(s->tablets[i].r))
			must(s, replica_unlock(s->tablets[i].r, PIN, &s->err),
			     "unlock");
	while (s->ndelayed && !s->failed && (last || rng_chance(&s->rng, 50)))
		net_deliver_late(s);
	while (!s->failed && round_of_syncs(s))
		if (++rounds == ROUNDS_MAX)
			broke(s, "1 the halves match",
			      "still moving after %d fair rounds", rounds);
	for (int i = 0; i < s->joined && !s->failed; i++)
		if (!s->tablets[i].is_revoked)
			check_tablet(&s->tablets[i],
				     last || rng_chance(&s->rng, 50));
	if (!s->failed)
		check_server(s);
	if (!s->failed)
		check_packets(s, last);
	if (!s->failed)
		check_conflicts(s);
	for (int i = 0; i < s->joined && !s->failed; i++)
		check_wanted(&s->tablets[i]);
	for (int i = 0; i < (last ? 16 : 3) && !s->failed && s->nkept; i++)
		net_replay(s, rng_below(&s->rng, s->nkept));
}
