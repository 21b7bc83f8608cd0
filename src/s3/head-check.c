/* SPDX-License-Identifier: MIT */
/*
 * Whether an answer is of the listed object: see head-check.h.  Net thread only.
 */
#include "config.h"

#include "s3/head-check.h"

#include <errno.h>
#include <strings.h>

#include "s3/request.h"
#include "util/date.h"
#include "util/log.h"

/* Clocks of the machines of a store, and a Date that is sent for a second or two. */
#define CLOCK_SLACK_S 2

/* Either shows which version of an object it is. */
#define VOUCHERS (HEAD_ETAG | HEAD_DATE)

static const char *
field_name(unsigned field)
{
	return field == HEAD_ETAG     ? "ETag"
	       : field == HEAD_LENGTH ? "length"
				      : "date";
}

/* --- the store --- */

void
head_habits_note(struct head_habits *h, unsigned field)
{
	unsigned all = h->passed_over | field;

	if (all == h->passed_over || (all & VOUCHERS) == VOUCHERS)
		return;
	h->passed_over = all;
	log_warn("the store's HEADs tell another %s than its listings: "
		 "it is not compared any more",
		 field_name(field));
}

void
head_habits_see_date(struct head_habits *h, const char *last_modified)
{
	const char *point = strchr(last_modified, '.');

	if (point && strpbrk(point, "123456789"))
		h->has_fine_dates = true;
}

static void
count_odd(struct head_habits *h, unsigned field)
{
	h->n_odd = field == h->odd ? h->n_odd + 1 : 1;
	h->odd = field;
	if (h->n_odd >= HEAD_HABIT)
		head_habits_note(h, field);
}

/* --- one answer --- */

struct comparison {
	struct head_fields is; /* what the answer says */
	unsigned fit, differ;
};

static void
compare(const struct head_check *check, const struct http_answer *a,
	struct comparison *c)
{
	struct head_fields listed;

	head_fields_of_answer(&c->is, a);
	head_fields_of_listing(&listed, check->etag, check->size,
			       check->last_modified);
	c->fit = head_fields_fit(&c->is, &listed);
	c->differ = head_fields_differ(&c->is, &listed);
	if (c->fit & VOUCHERS)
		c->differ &= ~check->habits->passed_over;
}

static bool
is_html(const struct http_answer *a)
{
	size_t len;
	const char *type = http_header(a, "content-type", &len);

	return type && len >= 9 && strncasecmp(type, "text/html", 9) == 0;
}

/* It may be a store's, and of some object. */
static bool
is_of_object(const struct http_answer *a, const struct comparison *c)
{
	if (!(c->fit | c->differ))
		return false;
	if (c->is.told & VOUCHERS)
		return c->fit || !is_html(a);
	return (c->fit & HEAD_LENGTH) && c->is.length > 0;
}

/* It is what was not believed before. */
static bool
is_same_again(const struct head_check *check, const struct head_fields *is)
{
	return check->first && check->first->told == is->told &&
	       head_fields_differ(check->first, is) == 0;
}

/* What came over a new connection: is it no other's?  (`first` is NULL behind a 404.) */
static bool
is_believed(const struct head_check *check, const struct comparison *c)
{
	return (c->fit & HEAD_ETAG) || !check->first ||
	       is_same_again(check, &c->is);
}

static void
remember(struct head_check *check, const struct head_fields *is)
{
	if (!check->first)
		check->first = xnew(struct head_fields);
	*check->first = *is;
}

static int
accept_missing(struct head_check *check, bool is_repeat, struct err *err)
{
	if (is_repeat || check->habits->n_missing >= HEAD_HABIT)
		return 0;
	check->was_missing = true;
	err_set(err, EIO, "HTTP status 404 for what was listed");
	return S3_ASK_AGAIN;
}

int
head_check_accept(struct head_check *check, const struct http_answer *a,
		  bool is_repeat, struct err *err)
{
	struct comparison c;

	if (a->status == 404)
		return accept_missing(check, is_repeat, err);
	compare(check, a, &c);
	if (!is_of_object(a, &c))
		return err_set(err, EIO,
			       "no answer of a store: nothing of an object "
			       "in its head");
	if (c.differ == 0 || (is_repeat && is_believed(check, &c)))
		return 0;
	remember(check, &c.is);
	if (is_repeat)
		return err_set(err, EIO, "answers that contradict each other");
	err_set(err, EIO, "an answer that is not of the listed object");
	return S3_ASK_AGAIN;
}

/* --- what it comes to --- */

/* Now, by the store's clock. */
static int64_t
store_now(const struct http_answer *a)
{
	char text[64];
	int64_t now;

	http_copy_header(a, "date", text, sizeof(text));
	return date_parse_http(text, &now) ? now : date_now();
}

/* The date is of a time before the listing began, by that clock. */
static bool
is_before_listing(const struct head_check *check, int64_t date, int64_t now)
{
	int64_t past_s = (date_mono_ms() - check->listed_ms + 999) / 1000;

	return date < now - past_s - CLOCK_SLACK_S;
}

/* It may be of a time since then. */
static bool
is_since_listing(const struct head_check *check, const struct http_answer *a,
		 int64_t date)
{
	int64_t now = store_now(a);

	return !is_before_listing(check, date, now) &&
	       date <= now + CLOCK_SLACK_S;
}

/* It differs in one field, as an object that was replaced does not. */
static bool
is_odd(const struct head_check *check, const struct http_answer *a,
       const struct comparison *c)
{
	bool is_single = (c->differ & (c->differ - 1)) == 0;

	return is_single && (c->fit & VOUCHERS) &&
	       is_same_again(check, &c->is) &&
	       !(c->differ == HEAD_DATE &&
		 is_since_listing(check, a, c->is.date));
}

enum head_match
head_check_end(struct head_check *check, const struct http_answer *a,
	       unsigned *odd)
{
	struct head_habits *h = check->habits;
	struct comparison c;

	if (a->status == 404) {
		h->n_missing += check->was_missing;
		return HEAD_IS_OTHER;
	}
	h->n_missing = 0;
	compare(check, a, &c);
	if (c.differ && is_odd(check, a, &c)) {
		*odd = c.differ;
		count_odd(h, c.differ);
		return HEAD_IS_ODD;
	}
	h->odd = h->n_odd = 0;
	return c.differ ? HEAD_IS_OTHER : HEAD_MATCHES;
}

bool
head_check_is_settled(const struct head_check *check,
		      const struct http_answer *a)
{
	struct head_fields listed;
	struct comparison c;

	compare(check, a, &c);
	head_fields_of_listing(&listed, check->etag, check->size,
			       check->last_modified);
	if (!(listed.told & HEAD_DATE) || !(c.fit & VOUCHERS))
		return false;
	return ((c.fit & HEAD_ETAG) && check->habits->has_fine_dates) ||
	       is_before_listing(check, listed.date, store_now(a));
}

void
head_check_clear(struct head_check *check)
{
	free(steal(&check->first));
}
