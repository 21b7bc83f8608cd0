/* SPDX-License-Identifier: MIT */
/*
 * The head of an answer: see http-header.h.  Pure.
 */
#include "config.h"

#include "net/http-header.h"

#include <errno.h>
#include <strings.h>

#include "util/number.h"

/* --- is it one? --- */

/* A line without its end; a field's name and value, with blanks around it off. */
struct line {
	const char *start, *stop, *next;
	size_t name_len;
	const char *value;
	size_t value_len;
};

/* Fields with one value; and all those that begin with the prefix. */
static const char *const once[] = { "content-length", "etag", "last-modified" };
#define METADATA_PREFIX "x-amz-meta-"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

static bool
has_control(const char *at, const char *end)
{
	for (; at < end; at++)
		if (is_control(*at) && *at != '\t')
			return true;
	return false;
}

static struct line
line_at(const char *at, const char *end)
{
	const char *stop = memchr(at, '\n', (size_t)(end - at));
	struct line l = { .start = at, .stop = end, .next = end };

	if (stop) {
		l.next = stop + 1;
		l.stop = stop > at && stop[-1] == '\r' ? stop - 1 : stop;
	}
	return l;
}

/* False: it is no field. */
static bool
split_field(struct line *l)
{
	const char *at = l->start, *end = l->stop;

	while (at < end && *at != ':' && !is_blank(*at) && !is_control(*at))
		at++;
	if (at == end || *at != ':' || at == l->start)
		return false;
	l->name_len = (size_t)(at++ - l->start);
	while (at < end && is_blank(*at))
		at++;
	while (end > at && is_blank(end[-1]))
		end--;
	l->value = at;
	l->value_len = (size_t)(end - at);
	return true;
}

static bool
has_name(const struct line *l, const char *name)
{
	return l->name_len == strlen(name) &&
	       strncasecmp(l->start, name, l->name_len) == 0;
}

static bool
has_one_value(const struct line *l)
{
	size_t n = strlen(METADATA_PREFIX);

	for (size_t i = 0; i < ARRAY_SIZE(once); i++)
		if (has_name(l, once[i]))
			return true;
	return l->name_len > n &&
	       strncasecmp(l->start, METADATA_PREFIX, n) == 0;
}

/* What is wrong with the first line, or NULL. */
static const char *
check_status(const struct line *l)
{
	const char *s = l->start;
	size_t len = (size_t)(l->stop - s);

	if (len < 12 || memcmp(s, "HTTP/1.", 7) != 0 || s[7] < '0' ||
	    s[7] > '9' || s[8] != ' ' || (len > 12 && s[12] != ' '))
		return "no status line of HTTP/1";
	for (int i = 9; i < 12; i++)
		if (s[i] < '0' || s[i] > '9')
			return "no status line of HTTP/1";
	return has_control(s, l->stop) ? "a control character" : NULL;
}

static const char *
check_field(struct line *l, bool is_folded)
{
	char number[32] = "";
	int64_t n;

	if (!split_field(l) || strncmp(l->start, "HTTP/", 5) == 0)
		return "a line that is no field";
	if (has_control(l->value, l->value + l->value_len))
		return "a control character";
	if (has_name(l, "transfer-encoding") && is_folded)
		return "a folded Transfer-Encoding"; /* curl has not seen it */
	if (!has_name(l, "content-length"))
		return NULL;
	if (l->value_len < sizeof(number))
		memcpy(number, l->value, l->value_len);
	return number_parse(number, &n) ? NULL : "no number as Content-Length";
}

/* A field that can have but one value: the first one of its name has it too. */
static const char *
check_same(const struct buf *head, const struct line *l)
{
	const char *end = l->start;
	struct line first;

	for (const char *at = head->data; at < end; at = first.next) {
		first = line_at(at, end);
		if (!split_field(&first) || first.name_len != l->name_len ||
		    strncasecmp(first.start, l->start, l->name_len) != 0)
			continue;
		if (first.value_len != l->value_len ||
		    memcmp(first.value, l->value, l->value_len) != 0)
			return "a field twice, with different values";
		break;
	}
	return NULL;
}

/* The line and those that continue it, as one.  Returns whether there were any. */
static bool
unfold(struct buf *head, struct line *l)
{
	const char *end = head->data + head->len;
	bool is_folded = false;

	while (l->next < end && is_blank(*l->next)) {
		struct line more = line_at(l->next, end);

		memset(head->data + (l->stop - head->data), ' ',
		       (size_t)(l->next - l->stop));
		l->stop = more.stop;
		l->next = more.next;
		is_folded = true;
	}
	return is_folded;
}

int
http_head_check(struct buf *head, struct err *err)
{
	const char *end = buf_str(head) + head->len, *wrong;
	struct line l = line_at(buf_str(head), end);

	wrong = check_status(&l);
	while (!wrong && l.next < end) {
		bool is_folded;

		l = line_at(l.next, end);
		if (l.start == l.stop && l.next == end)
			return 0; /* the empty line */
		is_folded = unfold(head, &l);
		wrong = check_field(&l, is_folded);
		if (!wrong && has_one_value(&l))
			wrong = check_same(head, &l);
	}
	return err_set(err, EIO, "malformed head of an answer: %s",
		       wrong ? wrong : "no empty line at its end");
}

bool
http_head_has_length(const struct http_answer *a)
{
	static const char last[] = "chunked";
	size_t len, n = sizeof(last) - 1;
	const char *coding = http_header(a, "transfer-encoding", &len);

	if (coding && len >= n && strncasecmp(coding + len - n, last, n) == 0)
		return true;
	return http_header(a, "content-length", &len) != NULL;
}

/* --- fields --- */

const char *
http_header(const struct http_answer *a, const char *name, size_t *len)
{
	const char *line = buf_str(&a->head), *end = line + a->head.len, *next;
	size_t n = strlen(name);

	for (; line < end; line = next) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		next = stop ? stop + 1 : end;
		stop = stop ? stop : end;
		if ((size_t)(stop - line) <= n || line[n] != ':' ||
		    strncasecmp(line, name, n) != 0 ||
		    memchr(line, '\0', (size_t)(stop - line)))
			continue;
		line += n + 1;
		while (line < stop && (*line == ' ' || *line == '\t'))
			line++;
		while (stop > line && strchr(" \t\r", stop[-1]))
			stop--;
		*len = (size_t)(stop - line);
		return line;
	}
	return NULL;
}

void
http_copy_header(const struct http_answer *a, const char *name, char *out,
		 size_t size)
{
	size_t len = 0;
	const char *value = http_header(a, name, &len);

	if (!value || len >= size)
		len = 0;
	if (len)
		memcpy(out, value, len);
	out[len] = '\0';
}
