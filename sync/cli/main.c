/* main.c - hufu: the tablet's half, a command for each thing that one does with
 * it. */
#include "cli/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SHARED                                                                 \
	"\n  --replica FILE   the replica (or HUFU_REPLICA)"                   \
	"\n  --json           print JSON, for scripts"
#define NET "\n  --insecure       allow plain http to other than this machine"
#define PIN "\n  --pin-file FILE  read the PIN there (or HUFU_PIN_FILE)"

static const struct verb_kind verbs[] = {
	{ "enroll", verb_enroll, "make a replica and enrol this terminal",
	  "usage: hufu enroll URL --code CODE --replica FILE\n\n"
	  "Makes the officer's key, sealed by a PIN, and the terminal's key, "
	  "and\nproves both to the server with the one-time code. The same "
	  "command again\nis safe when the answer was lost.\n"
	  "\n  --code CODE      the one-time code of the office" SHARED PIN NET,
	  1, 1 },
	{ "clone", verb_clone, "fetch all data for the first time",
	  "usage: hufu clone\n\nFetches the snapshots of all scopes, goes on "
	  "where an earlier try broke off,\nchecks their roots and syncs once."
	  "\n" SHARED NET,
	  0, 0 },
	{ "status", verb_status, "what is edited, unsent, or needs me",
	  "usage: hufu status\n\nOne line per record: new, edited "
	  "(uncommitted), local (committed), sent,\nconflict, quarantined."
	  "\n" SHARED,
	  0, 0 },
	{ "diff", verb_diff, "uncommitted changes, field by field",
	  "usage: hufu diff\n" SHARED, 0, 0 },
	{ "commit", verb_commit, "sign uncommitted edits",
	  "usage: hufu commit -m MESSAGE\n"
	  "\n  -m MESSAGE       one line: what was done" SHARED PIN,
	  0, 0 },
	{ "undo", verb_undo, "take back uncommitted edits",
	  "usage: hufu undo [KIND ID]\n\nOf one record, or of all. Of a record "
	  "whose edit is in quarantine: 'hufu status' no\nlonger asks for it; "
	  "what was signed stays with the server.\n" SHARED,
	  0, 2 },
	{ "sync", verb_sync, "commit, push, pull, compare roots",
	  "usage: hufu sync\n\nEdits that are not committed are committed "
	  "first, when there is a PIN.\nThen files of evidence are sent, "
	  "about 8 MiB of them; 'hufu upload' sends all.\n"
	  "\n  --no-upload      send no files" SHARED PIN NET,
	  0, 0 },
	{ "bundle", verb_bundle, "a sync by file, or by a colleague's tablet",
	  "usage: hufu bundle create FILE\n"
	  "       hufu bundle apply FILE\n"
	  "       hufu bundle carry FILE\n"
	  "       hufu bundle answers FILE [TERMINAL]\n"
	  "       hufu bundle list\n\n"
	  "create   the request of a sync as a new file, sealed to the server: "
	  "'hufud bundle\n         apply' answers it with another file\n"
	  "apply    take that answer; edits and syncs in between do no harm\n"
	  "carry    take a colleague's request along: the next 'hufu sync' or "
	  "'create' hands\n         it on, unread and unchanged\n"
	  "answers  what came back for colleagues, as a new file for their "
	  "'apply'\n"
	  "list     what is carried" SHARED PIN,
	  1, 3 },
	{ "peer", verb_peer, "two officers, one visit, no network",
	  "usage: hufu peer create VISIT FILE\n"
	  "       hufu peer take FILE\n"
	  "       hufu peer show VISIT\n"
	  "       hufu peer sign VISIT\n\n"
	  "create  what you answered, signed, for the tablets of the visit's "
	  "other officers\n"
	  "take    a colleague's file: the answers stand beside yours, and the "
	  "next 'hufu sync'\n        hands them over as well\n"
	  "show    what all answers come to: the points on which you "
	  "disagree, and the root,\n        which is the same on both tablets "
	  "when both have the same answers\n"
	  "sign    the visit over that root, as an edit; not while you "
	  "disagree" SHARED PIN,
	  2, 3 },
	{ "attach", verb_attach, "a file as evidence of a visit",
	  "usage: hufu attach VISIT FILE [--point P] [--caption C]\n\nCopies "
	  "the file into REPLICA.evidence and makes its record, with hash, "
	  "time,\nofficer and this device's signature. The record goes with "
	  "the next sync, the\nfile after it.\n"
	  "\n  --point P        the points of the checklist that it supports, "
	  "with commas"
	  "\n  --caption C      what one sees"
	  "\n  --media M        photo, audio, video, document, scan or sample"
	  "\n  --fix LAT,LON    where: degrees, CGCS2000"
	  "\n  --quota SIZE     of the folder (or HUFU_EVIDENCE_QUOTA), 4G "
	  "unless said" SHARED,
	  2, 2 },
	{ "upload", verb_upload, "send files of evidence",
	  "usage: hufu upload\n\nSends files whose records were synced, what "
	  "supports a point first, small before\nlarge, each from where the "
	  "server stands. A file leaves the tablet once the server\nhas the "
	  "whole of it.\n"
	  "\n  --limit-rate R   bytes a second at most, such as 200K" SHARED
		  NET,
	  0, 0 },
	{ "find", verb_find, "records by words in their names and codes",
	  "usage: hufu find WORD...\n\nRecords in which every word stands, in "
	  "the id or in a field that is searched\n(a name, a code); four words "
	  "at most.\n" SHARED,
	  1, 4 },
	{ "show", verb_show, "one record, as JSON",
	  "usage: hufu show KIND ID [--main]\n"
	  "\n  --main           as the server has it, without edits of "
	  "here" SHARED,
	  2, 2 },
	{ "log", verb_log, "what was signed here, newest first",
	  "usage: hufu log\n" SHARED, 0, 0 },
	{ "conflicts", verb_conflicts, "what needs a person, and answering it",
	  "usage: hufu conflicts\n"
	  "       hufu conflicts accept ID\n"
	  "       hufu conflicts appeal ID --reason TEXT\n\n"
	  "conflict     two wrote one field apart: both values, who wrote "
	  "them and when, and\n             which stands meanwhile. The office "
	  "decides; the decision comes\n             by sync. In Chinese where "
	  "LANG is zh.\n"
	  "decided      otherwise than you wrote: accept it, or appeal, and "
	  "the office decides\n             again. Both are edits, which 'hufu "
	  "sync' signs and sends.\n"
	  "quarantined  the server did not take it, with a code: role "
	  "or field (not an\n             officer's to write), state (not "
	  "from where it stood), owner (another's),\n             invalid, "
	  "and others (docs/protocol.md). It stays signed, and another "
	  "can\n             adopt it. Write it again as it should be, or let "
	  "go of it with\n             'hufu undo KIND ID'.\n" SHARED,
	  0, 2 },
	{ "adopt", verb_adopt, "take another's record out of quarantine",
	  "usage: hufu adopt PACKET KIND/ID [--reason TEXT]\n\n"
	  "Fetches what another officer wrote and the server did not take, "
	  "shows it, and says\nthat you stand for it: an edit, which 'hufu "
	  "sync' signs and sends. The server merges\nit against what its "
	  "author "
	  "had seen, by your rights. The office names packet and\nrecord: "
	  "'hufud quarantine list'. It happens once, and not by who wrote it."
	  "\n"
	  "\n  --reason TEXT    why" SHARED NET,
	  2, 2 },
	{ "verify", verb_verify, "recompute everything from the rows",
	  "usage: hufu verify\n\nRecord versions, nodes, roots, signatures and "
	  "chains of packets, triggers.\nThe file is only read: it may lie "
	  "where you may not write.\n" SHARED,
	  0, 0 },
	{ "repair", verb_repair, "find damage, put it right, sync",
	  "usage: hufu repair\n\nLooks at pages, indexes, tree, rows and keys, "
	  "fetches what differs from the\nserver's half, and syncs. What the "
	  "server has not seen yet stays as it is.\n'hufu sync' does so by "
	  "itself where it stumbles over damage.\n" SHARED PIN NET,
	  0, 0 },
	{ "info", verb_info, "who, where, and at which position",
	  "usage: hufu info\n" SHARED, 0, 0 },
};

#define VERBS (sizeof(verbs) / sizeof(*verbs))

static int usage(FILE *out, int code)
{
	fputs("usage: hufu COMMAND [--replica FILE] [--json] ...\n\n", out);
	for (size_t i = 0; i < VERBS; i++)
		fprintf(out, "  %-10s %s\n", verbs[i].name, verbs[i].what);
	fputs("\n'hufu COMMAND --help' says more. FILE is also taken from "
	      "HUFU_REPLICA.\nEdit with any SQLite program: sqlite3 FILE "
	      "\"UPDATE assignment SET ...\".\nExit: 0 done, 1 failed, 2 bad "
	      "use.\n",
	      out);
	return code;
}

/* An option with a value: where it goes, or NULL. */
static const char **option_value(struct verb *v, const char *word, size_t n)
{
	const struct {
		const char *name;
		const char **value;
	} options[] = {
		{ "--replica", &v->replica }, { "--pin-file", &v->pin_file },
		{ "--code", &v->code },       { "--message", &v->message },
		{ "-m", &v->message },        { "--point", &v->point },
		{ "--caption", &v->caption }, { "--media", &v->media },
		{ "--fix", &v->fix },         { "--quota", &v->quota },
		{ "--limit-rate", &v->rate }, { "--reason", &v->reason },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (strlen(options[i].name) == n &&
		    !memcmp(options[i].name, word, n))
			return options[i].value;
	return NULL;
}

static int option_take(struct verb *v, int argc, char **argv, int *at)
{
	const char *word = argv[*at];
	size_t n = strcspn(word, "=");
	const char **value = option_value(v, word, n);

	if (!strcmp(word, "--json")) {
		v->json = true;
	} else if (!strcmp(word, "--insecure")) {
		v->insecure = true;
	} else if (!strcmp(word, "--no-upload")) {
		v->no_upload = true;
	} else if (!strcmp(word, "--main")) {
		v->main_state = true;
	} else if (!value) {
		return verb_misuse(v, "there is no option '%s'", word);
	} else if (word[n] == '=') {
		*value = word + n + 1;
	} else if (*at + 1 >= argc) {
		return verb_misuse(v, "'%s' needs a value", word);
	} else {
		*value = argv[++*at];
	}
	return EXIT_DONE;
}

static int words_take(struct verb *v, const struct verb_kind *kind, int argc,
		      char **argv)
{
	bool only_words = false;

	for (int i = 0; i < argc; i++) {
		int code = EXIT_DONE;

		if (!only_words && !strcmp(argv[i], "--"))
			only_words = true;
		else if (!only_words && argv[i][0] == '-' && argv[i][1])
			code = option_take(v, argc, argv, &i);
		else if (v->nwords == kind->words_max)
			code = verb_misuse(v, "what is '%s' for?", argv[i]);
		else
			v->words[v->nwords++] = argv[i];
		if (code != EXIT_DONE)
			return code;
	}
	if (v->nwords < kind->words_min)
		return verb_misuse(v, "something is missing");
	return EXIT_DONE;
}

static const char *from_environment(const char *given, const char *name)
{
	if (!given)
		given = getenv(name);
	return given && *given ? given : NULL;
}

static int begin(struct verb *v)
{
	v->h = hufu_new();
	if (!v->h)
		return verb_complain(v, "out of memory");
	hufu_allow_plain_http(v->h, v->insecure);
	hufu_on_progress(v->h, verb_progress, NULL);
	return EXIT_DONE;
}

static int run(const struct verb_kind *kind, int argc, char **argv)
{
	struct verb v = { .name = kind->name };
	int code;

	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") != 0)
			continue;
		puts(kind->usage);
		return EXIT_DONE;
	}
	code = words_take(&v, kind, argc, argv);
	v.replica = from_environment(v.replica, "HUFU_REPLICA");
	v.quota = from_environment(v.quota, "HUFU_EVIDENCE_QUOTA");
	v.pin_file = from_environment(v.pin_file, "HUFU_PIN_FILE");
	if (code == EXIT_DONE && !v.replica)
		code = verb_misuse(&v, "which replica? --replica FILE, or "
				       "HUFU_REPLICA");
	if (code == EXIT_DONE)
		code = begin(&v);
	if (code == EXIT_DONE)
		code = kind->run(&v);
	hufu_free(v.h);
	/* What was printed to a full disk or a closed pipe was not done. */
	if (fflush(stdout) != 0 && code == EXIT_DONE) {
		perror("hufu");
		code = EXIT_FAILED;
	}
	return code;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	/* Whatever is written here is nobody else's to read. */
	umask(077);

	if (!strcmp(name, "--help") || !strcmp(name, "help"))
		return usage(stdout, EXIT_DONE);
	if (!strcmp(name, "--version")) {
		printf("hufu " VERSION ", libhufu %s\n", hufu_version());
		return EXIT_DONE;
	}
	for (size_t i = 0; i < VERBS; i++)
		if (!strcmp(name, verbs[i].name))
			return run(&verbs[i], argc - 2, argv + 2);
	if (*name)
		fprintf(stderr, "hufu: there is no command '%s'\n", name);
	return usage(stderr, EXIT_USE);
}
