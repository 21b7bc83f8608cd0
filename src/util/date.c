/* SPDX-License-Identifier: MIT */
/*
 * Dates: see date.h.  Any thread; reads no locale and no time zone.
 */
#include "config.h"

#include "util/date.h"

#include <time.h>

#define YEAR_0 INT64_C(-62167219200)
#define YEAR_9999_END INT64_C(253402300799)
#define DAY_S 86400

/*
 * The Gregorian calendar from year 0 on.  libc's functions won't do, since a
 * time_t may have 32 bits.  Months are 0 to 11, and 12 is that after the year.
 */
static int
days_before_year(int year)
{
	return year * 365 + (year + 3) / 4 - (year + 99) / 100 +
	       (year + 399) / 400;
}

static int
days_before_month(int year, int month)
{
	static const int days[] = { 0,	 31,  59,  90,	120, 151, 181,
				    212, 243, 273, 304, 334, 365 };
	bool is_leap =
		days_before_year(year + 1) - days_before_year(year) > 365;

	return days[month] + (is_leap && month > 1);
}

/* UTC; what has no year of four digits becomes the nearest time that has one. */
static struct tm
broken_down(int64_t when)
{
	int64_t t = when < YEAR_0	   ? YEAR_0
		    : when > YEAR_9999_END ? YEAR_9999_END
					   : when;
	int second = (int)((t - YEAR_0) % DAY_S);
	int day = (int)((t - YEAR_0) / DAY_S);
	int year = day / 366, month = 0;

	while (days_before_year(year + 1) <= day)
		year++;
	day -= days_before_year(year);
	while (days_before_month(year, month + 1) <= day)
		month++;
	return (struct tm){ .tm_year = year - 1900,
			    .tm_mon = month,
			    .tm_mday = day - days_before_month(year, month) + 1,
			    .tm_hour = second / 3600,
			    .tm_min = second / 60 % 60,
			    .tm_sec = second % 60 };
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

/*
 * Seconds since 1970 of a broken-down UTC time; false if there is no such.  There
 * may be leap seconds.
 */
static bool
to_seconds(const struct tm *tm, int64_t *when)
{
	int year = tm->tm_year + 1900, days;

	if (tm->tm_mon < 0 || tm->tm_mon > 11 || tm->tm_mday < 1 ||
	    tm->tm_hour > 23 || tm->tm_min > 59 || tm->tm_sec > 60)
		return false;
	days = days_before_month(year, tm->tm_mon) + tm->tm_mday;
	if (days > days_before_month(year, tm->tm_mon + 1))
		return false;
	days += days_before_year(year) - 1;
	*when = YEAR_0 + (int64_t)days * DAY_S + tm->tm_hour * 3600 +
		tm->tm_min * 60 + tm->tm_sec;
	return true;
}

/* Date and time at *s, up to the zone. */
static bool
take_iso(const char **s, int64_t *when)
{
	struct tm tm = { 0 };

	if (!take_number(s, 4, &tm.tm_year) || !take_text(s, "-") ||
	    !take_number(s, 2, &tm.tm_mon) || !take_text(s, "-") ||
	    !take_number(s, 2, &tm.tm_mday) || !take_text(s, "T") ||
	    !take_number(s, 2, &tm.tm_hour) || !take_text(s, ":") ||
	    !take_number(s, 2, &tm.tm_min) || !take_text(s, ":") ||
	    !take_number(s, 2, &tm.tm_sec))
		return false;
	if (take_text(s, ".")) {
		if (**s < '0' || **s > '9')
			return false;
		*s += strspn(*s, "0123456789");
	}
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	return to_seconds(&tm, when);
}

bool
date_parse_iso(const char *s, int64_t *when)
{
	return take_iso(&s, when) &&
	       (strcmp(s, "Z") == 0 || strcmp(s, "+00:00") == 0);
}

/* "+02:00", "-0500": seconds; false if it is no such offset. */
static bool
parse_offset(const char *s, int64_t *out)
{
	bool is_west = *s == '-';
	int hours, minutes;

	if (!take_text(&s, "+") && !take_text(&s, "-"))
		return false;
	if (!take_number(&s, 2, &hours))
		return false;
	take_text(&s, ":");
	if (!take_number(&s, 2, &minutes) || *s || hours > 23 || minutes > 59)
		return false;
	*out = (hours * 60 + minutes) * 60 * (is_west ? -1 : 1);
	return true;
}

bool
date_parse_any_zone(const char *s, int64_t *when)
{
	int64_t offset = 0;

	if (!take_iso(&s, when))
		return false;
	if (strcmp(s, "Z") != 0 && strcmp(s, "UTC") != 0 &&
	    !parse_offset(s, &offset))
		return false;
	*when -= offset;
	return true;
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
	    strcmp(s, " GMT") != 0)
		return false;
	tm.tm_year -= 1900;
	return to_seconds(&tm, when);
}
