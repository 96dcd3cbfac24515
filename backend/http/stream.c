#include "http/stream.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/host.h"

#define SLICE_MS 100 /* how soon a wait notices that the server stops */
#define STOP_GRACE_MS 500 /* for a piece under way when the server stops */

/* Chunks (RFC 9112, 7.1), each: length in hex, CR LF, bytes, CR LF. A body
 * without the last one, of length 0, was cut. To HTTP/1.0 the bytes go as they
 * are, and their end is that of the connection. */
struct stream {
	struct conn *conn;
	bool is_chunked;
	bool is_broken; /* a piece did not get through */
};

static bool send_chunk(struct stream *s, const void *p, size_t n)
{
	char head[24];
	int head_bytes = snprintf(head, sizeof(head), "%zx\r\n", n);

	return conn_send(s->conn, head, (size_t)head_bytes, true) &&
	       conn_send(s->conn, p, n, true) &&
	       conn_send(s->conn, "\r\n", 2, false);
}

enum rc stream_write(struct stream *s, const void *p, size_t n)
{
	if (s->is_broken || atomic_load(s->conn->is_stopping)) {
		s->is_broken = true;
		return RC_IO;
	}
	if (n == 0) /* would be the last chunk */
		return RC_OK;
	s->is_broken = s->is_chunked ? !send_chunk(s, p, n)
				     : !conn_send(s->conn, p, n, false);
	return s->is_broken ? RC_IO : RC_OK;
}

bool stream_wait(struct stream *s, int64_t ms)
{
	/* poll() has the same flag under a name that POSIX does not know. It
	 * speaks of the peer's end even when unread bytes are before it. */
	struct pollfd poller = { .fd = s->conn->fd, .events = EPOLLRDHUP };
	int64_t until_ms = host_monotonic_ms(&host_system) + ms;

	for (;;) {
		int64_t left = until_ms - host_monotonic_ms(&host_system);
		int slice = left < 0          ? 0
			    : left < SLICE_MS ? (int)left
					      : SLICE_MS;
		int n;

		if (s->is_broken || atomic_load(s->conn->is_stopping))
			return false;
		n = poll(&poller, 1, slice);
		if (n > 0 || (n < 0 && errno != EINTR))
			return false;
		if (left <= slice)
			return !atomic_load(s->conn->is_stopping);
	}
}

void stream_run(struct conn *conn, const struct reply *reply)
{
	struct stream s = { .conn = conn, .is_chunked = conn->head.minor == 1 };

	conn->stop_grace_ms = STOP_GRACE_MS;
	if (reply->stream(reply->stream_ctx, &s) == RC_OK && !s.is_broken &&
	    s.is_chunked)
		conn_send(conn, "0\r\n\r\n", 5, false);
}
