/* SPDX-License-Identifier: MIT */
/*
 * Dates: see date.h.  Any thread; reads no locale and no time zone.
 */
#include "config.h"

#include "util/date.h"

#include <time.h>

#define YEAR_0 INT64_C(-62167219200)
#define YEAR_9999_END INT64_C(253402300799)

/* UTC; what has no year of four digits becomes the nearest time that has one. */
static struct tm
broken_down(int64_t when)
{
	time_t t = (time_t)(when < YEAR_0	   ? YEAR_0
			    : when > YEAR_9999_END ? YEAR_9999_END
						   : when);
	struct tm tm;

	gmtime_r(&t, &tm);
	return tm;
}

/* The year apart: strftime() prints that of 225 with three digits. */
void
date_print_iso(int64_t when, char out[DATE_ISO_LEN])
{
	struct tm tm = broken_down(when);

	snprintf(out, DATE_ISO_LEN, "%04d", tm.tm_year + 1900);
	strftime(out + 4, DATE_ISO_LEN - 4, "-%m-%dT%H:%M:%SZ", &tm);
}

void
date_print_amz(int64_t when, char out[DATE_AMZ_LEN])
{
	struct tm tm = broken_down(when);

	snprintf(out, DATE_AMZ_LEN, "%04d", tm.tm_year + 1900);
	strftime(out + 4, DATE_AMZ_LEN - 4, "%m%dT%H%M%SZ", &tm);
}

/* A number of exactly `digits` digits at *s, which moves past it. */
static bool
take_number(const char **s, int digits, int *out)
{
	*out = 0;
	for (; digits > 0; digits--, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		*out = *out * 10 + (**s - '0');
	}
	return true;
}

static bool
take_text(const char **s, const char *text)
{
	size_t n = strlen(text);

	if (strncmp(*s, text, n) != 0)
		return false;
	*s += n;
	return true;
}

/* Seconds since 1970 of a broken-down UTC time; false if there is no such. */
static bool
to_seconds(struct tm tm, int64_t *when)
{
	int day = tm.tm_mday, second = tm.tm_sec;
	time_t t;

	if (tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_hour > 23 ||
	    tm.tm_min > 59 || second > 60)
		return false;
	tm.tm_sec = 0; /* a leap second would look like another day */
	t = timegm(&tm);
	/* it has turned 31 February into 3 March: not what was written */
	if (tm.tm_mday != day)
		return false;
	*when = t + second;
	return true;
}

bool
date_parse_iso(const char *s, int64_t *when)
{
	struct tm tm = { 0 };

	if (!take_number(&s, 4, &tm.tm_year) || !take_text(&s, "-") ||
	    !take_number(&s, 2, &tm.tm_mon) || !take_text(&s, "-") ||
	    !take_number(&s, 2, &tm.tm_mday) || !take_text(&s, "T") ||
	    !take_number(&s, 2, &tm.tm_hour) || !take_text(&s, ":") ||
	    !take_number(&s, 2, &tm.tm_min) || !take_text(&s, ":") ||
	    !take_number(&s, 2, &tm.tm_sec))
		return false;
	if (*s == '.') {
		s++;
		if (*s < '0' || *s > '9')
			return false;
		s += strspn(s, "0123456789");
	}
	if (strcmp(s, "Z") != 0 && strcmp(s, "+00:00") != 0)
		return false;
	if (tm.tm_mday < 1)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	return to_seconds(tm, when);
}

/* "Oct" at *s, as 9. */
static bool
take_month(const char **s, int *month)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (*month = 0; *month < 12; (*month)++) {
		if (strncmp(*s, names + 3 * *month, 3) == 0) {
			*s += 3;
			return true;
		}
	}
	return false;
}

bool
date_parse_http(const char *s, int64_t *when)
{
	struct tm tm = { 0 };

	if (strnlen(s, 5) < 5)
		return false;
	s += 3; /* the day of the week follows from the date */
	if (!take_text(&s, ", ") || !take_number(&s, 2, &tm.tm_mday) ||
	    !take_text(&s, " ") || !take_month(&s, &tm.tm_mon) ||
	    !take_text(&s, " ") || !take_number(&s, 4, &tm.tm_year) ||
	    !take_text(&s, " ") || !take_number(&s, 2, &tm.tm_hour) ||
	    !take_text(&s, ":") || !take_number(&s, 2, &tm.tm_min) ||
	    !take_text(&s, ":") || !take_number(&s, 2, &tm.tm_sec) ||
	    strcmp(s, " GMT") != 0 || tm.tm_mday < 1)
		return false;
	tm.tm_year -= 1900;
	return to_seconds(tm, when);
}
