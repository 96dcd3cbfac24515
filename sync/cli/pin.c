#include "cli/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static void line_end_cut(char *text)
{
	text[strcspn(text, "\r\n")] = '\0';
}

static enum rc pin_from_file(const char *path, char pin[PIN_SIZE],
			     struct err *err)
{
	FILE *file = fopen(path, "r");
	bool ok;

	if (!file)
		return err_set(err, RC_IO, "cannot read '%s': %s", path,
			       strerror(errno));
	ok = fgets(pin, PIN_SIZE, file) != NULL;
	fclose(file);
	if (!ok)
		return err_set(err, RC_INVALID, "'%s' holds no pin", path);
	line_end_cut(pin);
	return RC_OK;
}

/* Ask without echo. */
static enum rc pin_ask(FILE *tty, const char *prompt, char pin[PIN_SIZE],
		       struct err *err)
{
	struct termios before, quiet;
	bool ok;

	if (tcgetattr(fileno(tty), &before) != 0)
		return err_set(err, RC_IO, "cannot ask for the pin: %s",
			       strerror(errno));
	quiet = before;
	quiet.c_lflag &= (tcflag_t)~ECHO;
	fputs(prompt, tty);
	fflush(tty);
	tcsetattr(fileno(tty), TCSAFLUSH, &quiet);
	ok = fgets(pin, PIN_SIZE, tty) != NULL;
	tcsetattr(fileno(tty), TCSAFLUSH, &before);
	fputc('\n', tty);
	if (!ok)
		return err_set(err, RC_INVALID, "no pin was given");
	line_end_cut(pin);
	return RC_OK;
}

static enum rc pin_ask_twice(FILE *tty, char pin[PIN_SIZE], struct err *err)
{
	char again[PIN_SIZE];
	enum rc rc = pin_ask(tty, "new PIN (6 characters or more): ", pin, err);

	if (rc == RC_OK)
		rc = pin_ask(tty, "the same again: ", again, err);
	if (rc == RC_OK && strcmp(pin, again) != 0)
		rc = err_set(err, RC_INVALID, "these were two different pins");
	wipe(again, sizeof(again));
	return rc;
}

enum rc pin_get(const struct verb *v, bool is_new, char pin[PIN_SIZE],
		struct err *err)
{
	FILE *tty;
	enum rc rc;

	if (v->pin_file)
		return pin_from_file(v->pin_file, pin, err);
	tty = fopen("/dev/tty", "r+");
	if (!tty)
		return err_set(err, RC_INVALID,
			       "a PIN is needed, and nobody can be asked here: "
			       "use --pin-file");
	rc = is_new ? pin_ask_twice(tty, pin, err)
		    : pin_ask(tty, "PIN: ", pin, err);
	fclose(tty);
	return rc;
}

bool pin_is_at_hand(const struct verb *v)
{
	int fd;

	if (v->pin_file)
		return true;
	fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

int verb_unlock(struct verb *v)
{
	char pin[PIN_SIZE];
	enum rc rc = pin_get(v, false, pin, &v->err);

	if (rc == RC_OK)
		rc = replica_unlock(v->r, pin, &v->err);
	wipe(pin, sizeof(pin));
	return rc == RC_OK ? EXIT_DONE : verb_fail(v);
}
