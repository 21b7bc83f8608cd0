/* SPDX-License-Identifier: MIT */
/*
 * What has failed: see failures.h.  Main thread.
 */
#include "config.h"

#include "cli/failures.h"

#include <errno.h>

#include "util/buf.h"

/* Why a question about a bucket has failed. */
struct trouble {
	const struct err *err;
	bool is_of_list; /* it lists the bucket; others read or delete objects */
};

static struct trouble
trouble_of_row(const struct answer *a, unsigned row)
{
	return (struct trouble){ &a->looks[row].err, shelf_rows[row].is_packs };
}

/* It may be refused for one operation, and not for another. */
static bool
is_of_permission(const struct err *e)
{
	return e->code == EACCES && e->status != 0 &&
	       (!*e->word || strcmp(e->word, "AccessDenied") == 0);
}

/* What is behind the names of the request. */
static const char *
last_part(const char *msg)
{
	const char *colon = strrchr(msg, ':');

	return colon ? colon : msg;
}

/*
 * What the other end says is compared by its words, since the number of the request is
 * another one each time; of the network's failures only the kind, since some tell how
 * long they took.
 */
static bool
has_same_cause(struct trouble a, struct trouble b)
{
	const struct err *x = a.err, *y = b.err;

	if (x->code != y->code || x->status != y->status ||
	    strcmp(x->word, y->word) != 0)
		return false;
	if (is_of_permission(x))
		return a.is_of_list == b.is_of_list;
	return x->status != 0 || x->code != EIO ||
	       strcmp(last_part(x->msg), last_part(y->msg)) == 0;
}

/* Bits: the rows from this one on that have failed as it has. */
static unsigned
rows_like(const struct answer *a, unsigned row)
{
	struct trouble first = trouble_of_row(a, row);
	unsigned rows = 0;

	for (unsigned i = row; i < SHELF_ROWS; i++)
		if (a->looks[i].err.code &&
		    has_same_cause(first, trouble_of_row(a, i)))
			rows |= 1u << i;
	return rows;
}

static void
add_files(struct buf *b, unsigned rows)
{
	const char *separator = "; the same of ";

	for (unsigned i = 0; i < SHELF_ROWS; i++) {
		if (!(rows & 1u << i))
			continue;
		buf_printf(b, "%s%s", separator,
			   shelf_rows[i].key + strlen(INTERNAL_PREFIX));
		separator = ", ";
	}
}

static void
report_rows(const struct answer *a, unsigned row, unsigned others)
{
	struct buf same CLEANUP_BUF = BUF_INIT(1024);
	const struct err *err = &a->looks[row].err;

	add_files(&same, others);
	log_to_terminal("bucket %s: %s (%s)%s", a->name, err->msg,
			strerror(err->code), buf_str(&same));
}

/* Without those that failed as its listing has, of which the bucket's line tells. */
static bool
report_objects(const struct answer *a)
{
	struct trouble of_bucket = { &a->err, true };
	unsigned failed = 0, said = 0;

	for (unsigned row = 0; row < SHELF_ROWS; row++) {
		unsigned bit = 1u << row, same;

		if (!a->looks[row].err.code)
			continue;
		failed |= bit;
		if ((said & bit) ||
		    has_same_cause(of_bucket, trouble_of_row(a, row)))
			continue;
		same = rows_like(a, row);
		said |= same;
		report_rows(a, row, same & ~bit);
	}
	return failed != 0;
}

static bool
report_bucket(const struct answer *a, bool is_log_seen)
{
	bool has_failed = report_objects(a);

	if (!a->bucket)
		log_to_terminal("bucket %s has gone", a->name);
	else if (a->err.code && !is_log_seen)
		log_to_terminal("bucket %s: %s (%s)", a->name, a->err.msg,
				strerror(a->err.code));
	return has_failed || !a->bucket || a->err.code;
}

bool
failures_report(const struct answer *answers, size_t n, bool is_log_seen)
{
	bool has_failed = false;

	for (size_t i = 0; i < n; i++)
		if (report_bucket(&answers[i], is_log_seen))
			has_failed = true;
	return has_failed;
}
