/* SPDX-License-Identifier: MIT */
/*
 * The INI files of the AWS tools: see ini.h.  Pure; any thread.  What Python's
 * configparser (and with it the AWS CLI) reads, this reads alike: indentation
 * is relative to the name above, so a section may be indented as a whole.
 */
#include "config.h"

#include "util/ini.h"

#include <errno.h>

#include "util/ascii.h"

#define BLANKS " \t\r\f\v"

struct ini {
	ini_value_fn *on_value;
	void *arg;
	const char *section; /* NULL before the first */
	const char *name; /* that indented lines belong to; NULL: none */
	size_t indent; /* of that name */
	bool is_parent; /* its value is empty */
};

/* Cut off the blanks at the end. */
static void
trim_end(char *s)
{
	size_t n = strlen(s);

	while (n > 0 && strchr(BLANKS, s[n - 1]))
		n--;
	s[n] = '\0';
}

/* Cut off a comment: "#" or ";" after a blank. */
static void
cut_comment(char *s)
{
	for (char *p = s; *p; p++) {
		if (strchr(BLANKS, p[0]) && (p[1] == '#' || p[1] == ';')) {
			*p = '\0';
			return;
		}
	}
}

/* Split "name = value" in place, name in lower case; false if it is not that. */
static bool
split_value(char *text, char **value)
{
	size_t n = strcspn(text, "=:");

	if (n == 0 || text[n] == '\0')
		return false;
	text[n] = '\0';
	trim_end(text);
	ascii_to_lower(text);
	*value = text + n + 1;
	cut_comment(*value);
	*value += strspn(*value, BLANKS);
	trim_end(*value);
	return true;
}

/* "[name]", perhaps with a comment behind it. */
static const char *
parse_section(struct ini *p, char *text)
{
	char *end = strchr(text, ']');
	const char *rest;

	if (!end)
		return "unclosed section name";
	rest = end + 1 + strspn(end + 1, BLANKS);
	if (*rest != '\0' && *rest != '#' && *rest != ';')
		return "text after a section name";
	*end = '\0';
	text += 1 + strspn(text + 1, BLANKS);
	trim_end(text);
	if (*text == '\0')
		return "empty section name";
	p->section = text;
	p->name = NULL;
	p->on_value(p->arg, p->section, NULL, NULL, NULL);
	return NULL;
}

static const char *
parse_value(struct ini *p, char *text, size_t indent)
{
	char *value;

	if (!p->section)
		return "value outside of a section";
	if (!split_value(text, &value))
		return "neither a section, a value nor a comment";
	p->name = text;
	p->indent = indent;
	p->is_parent = *value == '\0';
	p->on_value(p->arg, p->section, NULL, text, value);
	return NULL;
}

/* An indented line: a value nested under the name above. */
static const char *
parse_nested(struct ini *p, char *text)
{
	char *value;

	if (!p->is_parent)
		return NULL; /* goes on with a text that nobody here asks for */
	if (!split_value(text, &value))
		return "nested line is not a value";
	p->on_value(p->arg, p->section, p->name, text, value);
	return NULL;
}

/* One line, NUL-terminated; returns what is wrong with it, or NULL. */
static const char *
parse_line(struct ini *p, char *line)
{
	size_t indent = strspn(line, BLANKS);
	char *text = line + indent;

	if (*text == '\0' || *text == '#' || *text == ';')
		return NULL;
	if (*text == '[')
		return parse_section(p, text);
	if (p->name && indent > p->indent)
		return parse_nested(p, text);
	return parse_value(p, text, indent);
}

int
ini_parse(const char *text, size_t len, ini_value_fn *on_value, void *arg,
	  struct err *err)
{
	struct ini p = { .on_value = on_value, .arg = arg };
	const char *wrong = NULL;
	unsigned number = 0;
	char *copy, *line, *next;

	if (memchr(text, '\0', len))
		return err_set(err, EINVAL, "NUL byte");
	copy = xstrndup(text, len);
	for (line = copy; line && !wrong; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		number++;
		wrong = parse_line(&p, line);
	}
	explicit_bzero(copy, len);
	free(copy);
	if (wrong)
		return err_set(err, EINVAL, "line %u: %s", number, wrong);
	return 0;
}
