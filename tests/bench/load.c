/* load.c - see load.h. */
#include "load.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define HEAD_BYTES_MAX 2048
#define REPLY_BYTES_MAX ((size_t)16 << 20)

static int connected(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	return -1;
}

static bool request_put(int fd, const struct load_request *q)
{
	char head[HEAD_BYTES_MAX];
	int n = snprintf(head, sizeof(head),
			 "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
			 "Content-Length: %zu\r\n%s\r\n",
			 q->path, q->body_bytes, q->headers);
	struct iovec parts[2] = {
		{ head, (size_t)n },
		{ (void *)(uintptr_t)q->body, q->body_bytes },
	};
	size_t all = (size_t)n + q->body_bytes;

	/* A request fits into a socket's own memory. */
	return (size_t)n < sizeof(head) && writev(fd, parts, 2) == (ssize_t)all;
}

/* Everything until the server closes. */
static bool reply_take(int fd, struct buf *reply)
{
	char piece[1 << 14];
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) > 0)
		buf_put(reply, piece, (size_t)n);
	return n == 0 && reply->len && reply->rc == RC_OK;
}

static enum rc reply_split(const struct buf *reply, struct buf *body,
			   struct err *err)
{
	const char *end = strstr(reply->data, "\r\n\r\n");
	const char *length = strstr(reply->data, "Content-Length: ");
	size_t n = end ? (size_t)(reply->data + reply->len - (end + 4)) : 0;

	if (!end || !length || length > end ||
	    strtoul(length + 16, NULL, 10) != n)
		return err_set(err, RC_CORRUPT, "a reply is cut");
	if (strncmp(reply->data, "HTTP/1.1 200 ", 13) != 0)
		return err_set(err, RC_INVALID, "%.200s", reply->data);
	buf_put(body, end + 4, n);
	return buf_status(body, err);
}

enum rc load_post(int port, const struct load_request *q, struct buf *body,
		  struct err *err)
{
	struct buf reply;
	int fd = connected(port);
	enum rc rc;

	if (fd < 0)
		return err_set(err, RC_IO, "cannot connect");
	buf_reset(body);
	buf_init(&reply, REPLY_BYTES_MAX);
	if (request_put(fd, q) && reply_take(fd, &reply))
		rc = reply_split(&reply, body, err);
	else
		rc = err_set(err, RC_IO, "the exchange broke off");
	close(fd);
	buf_release(&reply);
	return rc;
}
