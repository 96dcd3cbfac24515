#include "http/forwarded.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The 12 bytes before an IPv4 address within IPv6 (RFC 4291, 2.5.5.2). */
static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

bool forwarded_is_loopback(const char *address)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, address, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, address, &v6) == 1 &&
	       (IN6_IS_ADDR_LOOPBACK(&v6) ||
		(memcmp(&v6, mapped, sizeof(mapped)) == 0 &&
		 v6.s6_addr[12] == 127));
}

void forwarded_network(const char *address, char out[NETWORK_SIZE])
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr v6;

	if (inet_pton(AF_INET6, address, &v6) == 1 &&
	    memcmp(&v6, mapped, sizeof(mapped)) != 0) {
		memset(&v6.s6_addr[8], 0, 8);
		if (inet_ntop(AF_INET6, &v6, text, sizeof(text))) {
			snprintf(out, NETWORK_SIZE, "%s/64", text);
			return;
		}
	}
	snprintf(out, NETWORK_SIZE, "%.*s", NETWORK_SIZE - 1, address);
}

static bool normalize(struct forwarded *f, const char *text)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1)
		return inet_ntop(AF_INET, &v4, f->text, sizeof(f->text)) !=
		       NULL;
	if (inet_pton(AF_INET6, text, &v6) != 1)
		return false;
	if (memcmp(&v6, mapped, sizeof(mapped)) == 0)
		return inet_ntop(AF_INET, &v6.s6_addr[12], f->text,
				 sizeof(f->text)) != NULL;
	return inet_ntop(AF_INET6, &v6, f->text, sizeof(f->text)) != NULL;
}

/* Proxies add to a line or add a line. */
static const char *last_line(const struct gate_head *head)
{
	const char *last = NULL;

	for (size_t i = 0; i < head->nheaders; i++)
		if (strcasecmp(head->headers[i].name, "x-forwarded-for") == 0)
			last = head->headers[i].value;
	return last;
}

enum rc forwarded_read(struct forwarded *f, const struct gate_head *head,
		       struct err *err)
{
	const char *line = last_line(head), *p;
	char text[INET6_ADDRSTRLEN];
	size_t n;

	f->text[0] = '\0';
	if (!line)
		return RC_OK;
	p = strrchr(line, ',');
	p = p ? p + 1 : line;
	p += strspn(p, " \t");
	n = strcspn(p, " \t");
	if (n < sizeof(text) && p[n + strspn(p + n, " \t")] == '\0') {
		memcpy(text, p, n);
		text[n] = '\0';
		if (normalize(f, text))
			return RC_OK;
	}
	f->text[0] = '\0';
	return err_set(err, RC_INVALID, "malformed x-forwarded-for");
}
