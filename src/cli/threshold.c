/* SPDX-License-Identifier: MIT */
/*
 * Ranges of monitoring plugins: see threshold.h.  Any thread.
 */
#include "config.h"

#include "cli/threshold.h"

#include <math.h>
#include <strings.h>

#define KIB 1024.0
#define KB 1000.0
#define POWER2(x) ((x) * (x))
#define POWER3(x) (POWER2(x) * (x))
#define POWER4(x) (POWER3(x) * (x))
#define POWER5(x) (POWER4(x) * (x))
#define POWER6(x) (POWER5(x) * (x))

/* Of one power: as GNU programs read it, and what people write for the same. */
#define SIZES(letter, of)                                                      \
	{ UNIT_BYTES, letter, of(KIB) }, { UNIT_BYTES, letter "i", of(KIB) },  \
		{ UNIT_BYTES, letter "iB", of(KIB) },                          \
	{                                                                      \
		UNIT_BYTES, letter "B", of(KB)                                 \
	}

/* "m" is minutes, and of bytes "m" and "M" are the same: case does not count. */
static const struct {
	enum unit unit;
	const char *suffix;
	double factor;
} suffixes[] = {
	{ UNIT_COUNT, "", 1 },
	{ UNIT_BYTES, "", 1 },
	{ UNIT_BYTES, "B", 1 },
	SIZES("K", ),
	SIZES("M", POWER2),
	SIZES("G", POWER3),
	SIZES("T", POWER4),
	SIZES("P", POWER5),
	SIZES("E", POWER6),
	{ UNIT_SECONDS, "", 1 },
	{ UNIT_SECONDS, "ms", 0.001 },
	{ UNIT_SECONDS, "s", 1 },
	{ UNIT_SECONDS, "m", 60 },
	{ UNIT_SECONDS, "min", 60 },
	{ UNIT_SECONDS, "h", 3600 },
	{ UNIT_SECONDS, "d", 86400 },
	{ UNIT_SECONDS, "w", 7 * 86400.0 },
	{ UNIT_RATIO, "", 1 },
};

static bool
apply_suffix(const char *suffix, enum unit unit, double *number)
{
	if (unit == UNIT_RATIO &&
	    (strcmp(suffix, "%") == 0 || (*suffix == '\0' && *number > 1))) {
		*number /= 100;
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		if (suffixes[i].unit == unit &&
		    strcasecmp(suffixes[i].suffix, suffix) == 0) {
			*number *= suffixes[i].factor;
			return true;
		}
	}
	return false;
}

/* "-1.5h"; by hand, since strtod(3) asks the locale, and knows "inf" and "0x". */
static bool
parse_number(const char *s, enum unit unit, double *out)
{
	bool is_negative = *s == '-';
	double number = 0, scale = 1;
	int n = 0;

	s += is_negative;
	for (; *s >= '0' && *s <= '9'; s++, n++)
		number = number * 10 + (*s - '0');
	if (*s == '.') {
		for (s++; *s >= '0' && *s <= '9'; s++, n++) {
			number = number * 10 + (*s - '0');
			scale *= 10;
		}
	}
	/* more digits would say nothing */
	if (n == 0 || n > 30)
		return false;
	number /= scale;
	if (!apply_suffix(s, unit, &number))
		return false;
	*out = is_negative ? -number : number;
	return true;
}

/* What stands before the colon. */
static bool
parse_start(const char *s, enum unit unit, double *out)
{
	*out = -INFINITY;
	if (strcmp(s, "~") == 0)
		return true;
	*out = 0;
	return *s == '\0' || parse_number(s, unit, out);
}

static bool
parse_end(const char *s, enum unit unit, double *out)
{
	*out = INFINITY;
	return *s == '\0' || parse_number(s, unit, out);
}

bool
range_parse(struct range *out, const char *text, enum unit unit)
{
	CLEANUP_FREE char *start = NULL;
	const char *colon;

	*out = (struct range){ .is_alert_inside = *text == '@' };
	text += out->is_alert_inside;
	colon = strchr(text, ':');
	if (!colon)
		return *text && parse_end(text, unit, &out->end) &&
		       out->end >= 0;
	start = xstrndup(text, (size_t)(colon - text));
	return (colon != text || colon[1]) &&
	       parse_start(start, unit, &out->start) &&
	       parse_end(colon + 1, unit, &out->end) && out->start <= out->end;
}

bool
range_is_alert(const struct range *r, double value)
{
	bool is_inside = value >= r->start && value <= r->end;

	return is_inside == r->is_alert_inside;
}

static void
print_number(double number, enum unit unit, char out[40])
{
	if (isinf(number))
		*out = '\0';
	else
		snprintf(out, 40, "%.15g",
			 unit == UNIT_RATIO ? number * 100 : number);
}

void
range_print(const struct range *r, enum unit unit, char out[RANGE_TEXT_LEN])
{
	char start[40], end[40];
	bool is_from_zero = r->start == 0 && !isinf(r->end);

	print_number(r->start, unit, start);
	print_number(r->end, unit, end);
	snprintf(out, RANGE_TEXT_LEN, "%s%s%s%s", r->is_alert_inside ? "@" : "",
		 is_from_zero	   ? ""
		 : isinf(r->start) ? "~"
				   : start,
		 is_from_zero ? "" : ":", end);
}
