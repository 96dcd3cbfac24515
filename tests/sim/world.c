/* sim/world.c - a county with its server, its subjects and its tablets. */
#include "sim/sim.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/message.h"

const char *const scopes[SCOPES] = { "catalog", COUNTY, OTHER };

#define YEAR_MS (INT64_C(365) * 24 * 60 * 60 * 1000)

static const char *temp_folder(void)
{
	return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "build/sim";
}

bool world_make(struct sim *s)
{
	char data[200];

	rng_seed(&s->rng, s->seed, 1);
	s->now_ms = INT64_C(1790000000000) + rng_below(&s->rng, 1000000) * 1000;
	s->packets = json_object();
	s->values = json_object();
	s->refused = json_object();
	s->drafts = json_array();
	snprintf(s->dir, sizeof(s->dir), "%s/hufu-sim-XXXXXX", temp_folder());
	mkdir("build/sim", 0777);
	if (!mkdtemp(s->dir)) {
		broke(s, "a temporary folder", "cannot make '%s'", s->dir);
		return false;
	}
	device_init(&s->server, &s->now_ms, s->seed, 2);
	snprintf(data, sizeof(data), "%s/server", s->dir);
	/* Half of the histories have pages of a few records. */
	if (rng_chance(&s->rng, 50))
		wire_limits_for_tests((size_t)(200 + rng_below(&s->rng, 3000)),
				      (size_t)(300 + rng_below(&s->rng, 4000)));
	else
		wire_limits_for_tests(0, 0);
	if (!must(s, loop_init(&s->loop, data, &s->server.host, &s->err),
		  "make the server"))
		return false;
	office_seed(s);
	s->ntablets = 3 + rng_below(&s->rng, TABLETS_MAX - 2);
	for (int i = 0; i < s->ntablets; i++) {
		struct tablet *t = &s->tablets[i];

		t->sim = s;
		t->number = i;
		t->wanted = json_object();
		t->exchange =
			(struct exchange){ .perform = net_perform, .ctx = t };
		snprintf(t->path, sizeof(t->path), "%s/t%d.db", s->dir, i);
		/* Two tablets of one officer happen too. */
		snprintf(t->officer, sizeof(t->officer), "o%d",
			 rng_chance(&s->rng, 20) ? 0 : i);
		device_init(&t->device, &s->now_ms, s->seed, 10 + (uint64_t)i);
	}
	while (!s->failed && s->joined < s->ntablets &&
	       (s->joined < 2 || rng_chance(&s->rng, 70)))
		tablet_join(s);
	return !s->failed;
}

/* Up to ten years off. */
void tablet_skew(struct tablet *t)
{
	t->device.skew_ms =
		YEAR_MS / 1000 * (rng_below(&t->sim->rng, 20000) - 10000);
}

bool tablet_reopen(struct tablet *t, bool unlock)
{
	struct sim *s = t->sim;

	replica_close(t->r);
	t->r = NULL;
	t->is_dead = false;
	device_reboot(&t->device);
	if (rng_chance(&s->rng, 10))
		tablet_skew(t);
	return must(s, replica_open(&t->r, t->path, &t->device.host, &s->err),
		    "open a tablet again") &&
	       (!unlock ||
		must(s, replica_unlock(t->r, PIN, &s->err), "unlock a tablet"));
}

void server_reopen(struct sim *s)
{
	if (must(s, loop_reopen(&s->loop, &s->err), "open the server again"))
		check_server_quick(s);
}

bool heads_get(struct sim *s, struct head heads[SCOPES])
{
	for (int i = 0; i < SCOPES; i++)
		if (!must(s,
			  ledger_head(s->loop.store, scopes[i], &heads[i],
				      &s->err),
			  "read a head"))
			return false;
	return true;
}

struct tablet *any_tablet(struct sim *s)
{
	return &s->tablets[rng_below(&s->rng, s->joined)];
}

/* Three levels: world, server, snapshots. */
static void folder_remove(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	char inner[512];

	while (dir && (e = readdir(dir))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(inner, sizeof(inner), "%s/%s", path, e->d_name);
		if (unlink(inner) != 0)
			folder_remove(inner);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

void world_free(struct sim *s)
{
	for (int i = 0; i < s->ntablets; i++) {
		replica_close(s->tablets[i].r);
		json_decref(s->tablets[i].wanted);
	}
	if (s->loop.store)
		loop_release(&s->loop);
	for (int i = 0; i < s->nkept; i++)
		parcel_release(&s->kept[i]);
	for (int i = 0; i < s->ndelayed; i++)
		parcel_release(&s->delayed[i]);
	json_decref(s->packets);
	json_decref(s->values);
	json_decref(s->refused);
	json_decref(s->drafts);
	if (s->dir[0])
		folder_remove(s->dir);
}
