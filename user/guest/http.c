// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * http ip=A.B.C.D/BITS [gw=A.B.C.D]: the files of a ustar archive, which the disk begins
 * with, at port 80; and /status, what it has done so far.  It never writes.
 */
#include "http/request.h"
#include "http/tar.h"
#include "lib/service.h"

#define DISK		1
#define NET		2
#define PORT		80
#define FILES		4096u
#define CHUNK		8192u
#define BLOCK_MAX	4096u
#define HEAD_ROOM	1024u		/* no answer is begun without it */
#define REQUEST_MS	10000u		/* for all of a request, from its first byte */
#define IDLE_MS		30000u		/* without a request, or without any progress */

GUEST_MANIFEST(GUEST_BLOCK("disk"), GUEST_NET("net"));

struct file {
	char name[TAR_NAME_MAX];
	uint64_t at;			/* on the disk */
	uint64_t size;
};

struct connection {
	uint64_t active_at;		/* the last progress, ms */
	uint64_t request_at;		/* first byte of a request that is not complete; 0: none */
	uint64_t at;			/* what is still to be sent: where, */
	uint64_t left;			/* how much */
	size_t unsent;			/* at the last look */
	bool last;			/* the connection ends behind it */
};

static struct file *files;
static unsigned int count;
static uint64_t capacity;
static struct connection connection[TCP_CONNECTIONS];
static uint64_t requests, errors, connections, timeouts;

/* --- archive ------------------------------------------------------------------------ */

static void read_disk(uint64_t at, void *data, uint64_t len)
{
	static uint8_t blocks[CHUNK + 2 * BLOCK_MAX];
	uint64_t size = guest_device(DISK)->u.block.block_size;
	uint64_t begin = at & -size, end = (at + len + size - 1) & -size;

	if (guest_block_read(DISK, begin, blocks, end - begin))
		guest_fail("the disk cannot be read at %llu\n", (unsigned long long)begin);
	memcpy(data, blocks + (at - begin), len);
}

static void read_archive(void)
{
	uint8_t block[TAR_BLOCK];
	struct tar_file tar;
	uint64_t at = 0, room;
	int ret;

	while (capacity - at >= TAR_BLOCK) {
		read_disk(at, block, sizeof(block));
		ret = tar_parse(block, &tar);
		at += TAR_BLOCK;
		if (!ret)
			break;
		room = capacity - at;
		if (ret < 0 || tar.size > room)
			guest_fail("no ustar archive: block %llu\n",
				   (unsigned long long)(at / TAR_BLOCK - 1));
		if (tar.regular) {
			if (count == FILES)
				guest_fail("more than %u files\n", FILES);
			memcpy(files[count].name, tar.name, sizeof(tar.name));
			files[count].at = at;
			files[count++].size = tar.size;
			at += (tar.size + TAR_BLOCK - 1) & -(uint64_t)TAR_BLOCK;
		}
	}
}

/* The last of a name counts, as when it is unpacked; a folder is its index.html. */
static const struct file *lookup(const char *path)
{
	char name[HTTP_PATH_MAX + 16];
	size_t len = strlen(path);
	unsigned int i;

	memcpy(name, path, len + 1);
	if (!len || path[len - 1] == '/')
		memcpy(name + len, "index.html", 11);
	for (i = count; i > 0; i--)
		if (!strcmp(files[i - 1].name, name))
			return &files[i - 1];
	return NULL;
}

/* --- answers ------------------------------------------------------------------------- */

static struct {
	char text[2048];
	size_t len;
} out;

static void put(const char *text)
{
	size_t len = strlen(text);

	if (len > sizeof(out.text) - out.len)
		guest_fail("an answer is too long\n");
	memcpy(out.text + out.len, text, len);
	out.len += len;
}

static void put_number(uint64_t v)
{
	char digits[21];

	digits[service_digits(digits, v)] = 0;
	put(digits);
}

static void put_two(uint64_t v)
{
	char digits[3] = { '0' + v / 10 % 10, '0' + v % 10 };

	put(digits);
}

/* RFC 9110, 5.6.7; days to a date as in H. Hinnant's days_from_civil, the other way. */
static void put_date(void)
{
	static const char day[7][6] = { "Thu, ", "Fri, ", "Sat, ", "Sun, ", "Mon, ", "Tue, ",
					"Wed, " };
	static const char month[12][6] = { " Mar ", " Apr ", " May ", " Jun ", " Jul ", " Aug ",
					   " Sep ", " Oct ", " Nov ", " Dec ", " Jan ", " Feb " };
	uint64_t s = guest_wall_ns() / 1000000000, days = s / 86400, of_era, year, of_year, m;

	put("Date: ");
	put(day[days % 7]);
	days += 719468;				/* from the first of March of the year 0 */
	of_era = days % 146097;
	year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	of_year = of_era - (365 * year + year / 4 - year / 100);
	m = (5 * of_year + 2) / 153;
	put_two(of_year - (153 * m + 2) / 5 + 1);
	put(month[m]);
	put_number(days / 146097 * 400 + year + (m > 9));
	put(" ");
	put_two(s / 3600 % 24);
	put(":");
	put_two(s / 60 % 60);
	put(":");
	put_two(s % 60);
	put(" GMT\r\n");
}

static const char *status_text(int status)
{
	static const struct { int status; const char *text; } known[] = {
		{ 200, "200 OK" }, { 206, "206 Partial Content" }, { 400, "400 Bad Request" },
		{ 404, "404 Not Found" }, { 405, "405 Method Not Allowed" },
		{ 413, "413 Content Too Large" }, { 414, "414 URI Too Long" },
		{ 416, "416 Range Not Satisfiable" },
		{ 431, "431 Request Header Fields Too Large" },
		{ 501, "501 Not Implemented" }, { 505, "505 HTTP Version Not Supported" },
	};
	unsigned int i;

	for (i = 0; i + 1 < GUEST_COUNT(known) && known[i].status != status; i++)
		;
	return known[i].text;
}

static const char *type_of(const char *name)
{
	static const struct { const char *end, *type; } types[] = {
		{ ".html", "text/html; charset=utf-8" }, { ".css", "text/css" },
		{ ".js", "text/javascript" }, { ".txt", "text/plain; charset=utf-8" },
		{ ".json", "application/json" }, { ".png", "image/png" },
		{ ".jpg", "image/jpeg" }, { ".svg", "image/svg+xml" },
	};
	size_t len = strlen(name), end;
	unsigned int i;

	for (i = 0; i < GUEST_COUNT(types); i++) {
		end = strlen(types[i].end);
		if (len > end && !strcmp(name + len - end, types[i].end))
			return types[i].type;
	}
	return "application/octet-stream";
}

static void put_head(int status, const char *type, uint64_t len, bool keep)
{
	out.len = 0;
	put("HTTP/1.1 ");
	put(status_text(status));
	put("\r\n");
	put_date();
	put("Content-Type: ");
	put(type);
	put("\r\nContent-Length: ");
	put_number(len);
	put("\r\n");
	if (status == 405)
		put("Allow: GET, HEAD\r\n");
	if (!keep)
		put("Connection: close\r\n");
}

static void send_text(struct net *net, int c, int status, const char *text, bool body, bool keep)
{
	put_head(status, "text/plain; charset=utf-8", strlen(text), keep);
	put("\r\n");
	if (body)
		put(text);
	tcp_write(net, c, out.text, out.len);
	connection[c].last = !keep;
}

static void send_error(struct net *net, int c, int status, bool body, bool keep)
{
	errors++;
	send_text(net, c, status, status_text(status), body, keep);
}

static void send_status(struct net *net, int c, const struct http_request *rq)
{
	const struct { const char *name; uint64_t value; } lines[] = {
		{ "files ", count }, { "requests ", requests }, { "errors ", errors },
		{ "connections ", connections }, { "timeouts ", timeouts },
		{ "frames_in ", net->counters.frames_in },
		{ "frames_out ", net->counters.frames_out },
		{ "dropped ", net->counters.dropped }, { "resent ", net->counters.resent },
		{ "refused ", net->counters.refused },
		{ "uptime_ms ", guest_monotonic_ns() / 1000000 },
	};
	static char text[512];
	size_t n = 0, len;
	unsigned int i;

	for (i = 0; i < GUEST_COUNT(lines); i++) {
		len = strlen(lines[i].name);
		memcpy(text + n, lines[i].name, len);
		n += len;
		n += service_digits(text + n, lines[i].value);
		text[n++] = '\n';
	}
	text[n] = 0;
	send_text(net, c, 200, text, !rq->head, rq->keep);
}

static void send_file(struct net *net, int c, const struct http_request *rq,
		      const struct file *file)
{
	uint64_t first = 0, end = file->size;

	if (rq->ranged) {
		if (rq->first == ~0ull)
			first = rq->last < file->size ? file->size - rq->last : 0;
		else
			first = rq->first;
		if (rq->first != ~0ull && rq->last < end)
			end = rq->last + 1;
		if (first >= file->size || (rq->first == ~0ull && !rq->last)) {
			send_error(net, c, 416, !rq->head, rq->keep);
			return;
		}
	}
	put_head(rq->ranged ? 206 : 200, type_of(file->name), end - first, rq->keep);
	put("Accept-Ranges: bytes\r\n");
	if (rq->ranged) {
		put("Content-Range: bytes ");
		put_number(first);
		put("-");
		put_number(end - 1);
		put("/");
		put_number(file->size);
		put("\r\n");
	}
	put("\r\n");
	tcp_write(net, c, out.text, out.len);
	connection[c].last = !rq->keep;
	connection[c].at = file->at + first;
	connection[c].left = rq->head ? 0 : end - first;
}

/* --- connections ----------------------------------------------------------------------- */

static void open_connection(int c)
{
	connections++;
	memset(&connection[c], 0, sizeof(connection[c]));
	connection[c].active_at = guest_monotonic_ns() / 1000000;
}

/* As much of a file as there is room for. */
static void send_more(struct net *net, int c)
{
	struct connection *con = &connection[c];
	static uint8_t data[CHUNK];
	size_t room, n;

	while (con->left && (room = tcp_room(net, c))) {
		n = con->left < sizeof(data) ? con->left : sizeof(data);
		if (n > room)
			n = room;
		read_disk(con->at, data, n);
		tcp_write(net, c, data, n);
		con->at += n;
		con->left -= n;
	}
}

/* One request of those that have come: 1, or 0 if there is none, or -1: the end. */
static int one_request(struct net *net, int c, uint64_t now)
{
	static char data[HTTP_HEAD_MAX];
	struct http_request rq;
	const struct file *file;
	int len = tcp_peek(net, c, data, sizeof(data)), n;

	if (len <= 0)
		return len;
	if (!connection[c].request_at)
		connection[c].request_at = now;
	n = http_parse(data, len, &rq);
	if (!n)
		return 0;
	requests++;
	connection[c].request_at = 0;
	connection[c].active_at = now;
	if (n < 0) {
		send_error(net, c, -n, !rq.head, false);
		return -1;
	}
	tcp_read(net, c, data, n);
	file = lookup(rq.path);
	if (!strcmp(rq.path, "status"))
		send_status(net, c, &rq);
	else if (file)
		send_file(net, c, &rq, file);
	else
		send_error(net, c, 404, !rq.head, rq.keep);
	return 1;
}

/* Neither the one who sends a request byte by byte nor the one who takes no answer stays. */
static bool too_slow(const struct connection *con, uint64_t now)
{
	return (con->request_at && now >= con->request_at + REQUEST_MS) ||
	       now >= con->active_at + IDLE_MS;
}

static bool serve(struct net *net, int c, uint64_t now)
{
	struct connection *con = &connection[c];
	int ret = 1;

	if (tcp_was_reset(net, c) || !tcp_is_open(net, c))
		return false;
	while (ret > 0) {
		send_more(net, c);
		if (con->left)
			break;
		if (con->last)
			return false;
		if (tcp_room(net, c) < HEAD_ROOM)
			break;
		ret = one_request(net, c, now);
	}
	if (ret < 0)
		return false;
	if (tcp_unsent(net, c) != con->unsent) {
		con->unsent = tcp_unsent(net, c);
		con->active_at = now;
	}
	if (!too_slow(con, now))
		return true;
	timeouts++;
	return false;
}

int guest_main(int argc, char **argv)
{
	static const struct service service = {
		.net = NET, .port = PORT, .open = open_connection, .serve = serve,
	};

	capacity = guest_device(DISK)->u.block.capacity;
	if (guest_device(DISK)->u.block.block_size > BLOCK_MAX)
		guest_fail("blocks of more than %u bytes\n", BLOCK_MAX);
	files = guest_alloc(FILES * sizeof(*files));
	if (!files)
		guest_fail("16 MiB of memory are needed\n");
	read_archive();
	guest_printf("%u files\n", count);
	service_run(&service, argc, argv);
}
