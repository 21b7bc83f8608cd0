/* SPDX-License-Identifier: MIT */
/*
 * Reading a cached document: see doc.h.  Pure; any thread.  It was written by
 * another client, another program or an attacker, and is taken for true only if
 * nothing at all is wrong with it.
 */
#include "config.h"

#include "stats/doc.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <locale.h>
#include <math.h>

#include "util/json-strict.h"
#include "util/date.h"
#include "util/number.h"

/* A number becomes `"#1"`, so one digit and a comma may grow by three bytes. */
#define REWRITTEN_MAX (3 * DOC_MAX)

/* Other programs may print the ratio with no more than nine digits. */
#define RATIO_ERROR_MAX 1e-9

#define COMPUTED_AT_MAX INT64_C(253402300799) /* the year 9999 */

static void
free_tree(cJSON **tree)
{
	cJSON_Delete(*tree);
}

/* --- the tree --- */

static int
compare_names(const void *a, const void *b)
{
	const cJSON *const *x = a, *const *y = b;

	return strcmp((*x)->string, (*y)->string);
}

/* Sorted, because a search for each name would take an attacker's n squared. */
static bool
has_duplicates(const cJSON *object)
{
	size_t n = 0, size = (size_t)cJSON_GetArraySize(object);
	CLEANUP_FREE const cJSON **members = NULL;
	const cJSON *member;

	if (size < 2)
		return false;
	members = xcalloc(size, sizeof(*members));
	cJSON_ArrayForEach (member, object)
		members[n++] = member;
	qsort(members, n, sizeof(*members), compare_names);
	for (size_t i = 1; i < n; i++)
		if (strcmp(members[i - 1]->string, members[i]->string) == 0)
			return true;
	return false;
}

/* In this value or any below; json_strict() has limited the depth. */
static bool
has_duplicates_within(const cJSON *value)
{
	const cJSON *child;

	if (cJSON_IsObject(value) && has_duplicates(value))
		return true;
	cJSON_ArrayForEach (child, value)
		if (has_duplicates_within(child))
			return true;
	return false;
}

static cJSON *
parse_tree(const char *data, size_t len, struct err *err)
{
	CLEANUP_BUF struct buf text = BUF_INIT(REWRITTEN_MAX);
	CLEANUP(free_tree) cJSON *tree = NULL;

	if (len > DOC_MAX) {
		err_set(err, EFBIG, "more than %d bytes", DOC_MAX);
		return NULL;
	}
	if (json_strict(&text, data, len, err))
		return NULL;
	tree = cJSON_ParseWithLength(text.data, text.len);
	if (!tree) {
		err_set(err, EBADMSG, "not JSON");
		return NULL;
	}
	if (has_duplicates_within(tree)) {
		err_set(err, EBADMSG, "duplicate members");
		return NULL;
	}
	return steal(&tree);
}

bool
doc_is_whole(const char *data, size_t len)
{
	CLEANUP(free_tree) cJSON *tree = parse_tree(data, len, NULL);

	return tree != NULL;
}

/* --- its members; see json-strict.h for the tags --- */

/* cJSON_HasObjectItem() would ignore case. */
static const cJSON *
get_member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *
get_tagged(const cJSON *object, const char *name, char tag)
{
	const char *s = cJSON_GetStringValue(get_member(object, name));

	return s && *s == tag ? s + 1 : NULL;
}

static bool
is_string(const cJSON *object, const char *name, const char *expected)
{
	const char *s = get_tagged(object, name, JSON_STRING);

	return s && strcmp(s, expected) == 0;
}

struct integer {
	const char *name;
	int64_t *out;
};

static int
get_integers(const cJSON *object, const struct integer *table, size_t n,
	     struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const char *s = get_tagged(object, table[i].name, JSON_NUMBER);

		if (!s || !number_parse(s, table[i].out))
			return err_set(err, EBADMSG, "%s is not a count",
				       table[i].name);
	}
	return 0;
}

static int
get_ratio(const cJSON *stats, double *ratio, struct err *err)
{
	const char *s =
		get_tagged(stats, "average_compression_ratio", JSON_NUMBER);
	locale_t c = newlocale(LC_ALL_MASK, "C", NULL);

	if (c == (locale_t)0)
		die_no_memory();
	*ratio = s ? strtod_l(s, NULL, c) : -1;
	freelocale(c);
	*ratio += 0.0; /* that makes a "-0" of other programs 0 */
	if (!(*ratio >= 0 && *ratio <= 1))
		return err_set(err, EBADMSG,
			       "average_compression_ratio is not one");
	return 0;
}

/* --- the document --- */

static int
get_head(const cJSON *tree, struct doc *out, struct err *err)
{
	const char *when = get_tagged(tree, "computed_at", JSON_STRING);

	if (!is_string(tree, "mode", mode_names[out->mode]))
		return err_set(err, EBADMSG, "not of mode %s",
			       mode_names[out->mode]);
	if (!when || !date_parse_iso(when, &out->computed_at) ||
	    out->computed_at > COMPUTED_AT_MAX)
		return err_set(err, EBADMSG, "computed_at is not a date");
	return 0;
}

static int
get_validation(const cJSON *tree, struct validation *v, struct err *err)
{
	const cJSON *o = get_member(tree, "validation");
	const struct integer counts[] = {
		{ "object_count", &v->object_count },
		{ "compressed_size", &v->compressed_size },
	};
	const char *hex;

	if (!cJSON_IsObject(o))
		return err_set(err, EBADMSG, "without validation");
	if (get_member(o, "fingerprint")) {
		hex = get_tagged(o, "fingerprint", JSON_STRING);
		if (!hex || !fingerprint_parse(hex, &v->fingerprint))
			return err_set(err, EBADMSG,
				       "fingerprint is not 32 digits");
		v->has_fingerprint = true;
	}
	return get_integers(o, counts, ARRAY_SIZE(counts), err);
}

/* Exactly the eight members: other programs fail on a ninth. */
static int
get_stats(const cJSON *tree, struct doc *out, struct err *err)
{
	const cJSON *o = get_member(tree, "stats");
	struct figures *f = &out->figures;
	const struct integer counts[] = {
		{ "object_count", &f->object_count },
		{ "total_size", &f->total_size },
		{ "compressed_size", &f->compressed_size },
		{ "space_saved", &f->space_saved },
		{ "delta_objects", &f->delta_objects },
		{ "direct_objects", &f->direct_objects },
	};
	int rc;

	if (!cJSON_IsObject(o) ||
	    cJSON_GetArraySize(o) != ARRAY_SIZE(counts) + 2)
		return err_set(err, EBADMSG, "stats has not eight members");
	if (!is_string(o, "bucket", out->bucket))
		return err_set(err, EBADMSG, "of another bucket");
	rc = get_integers(o, counts, ARRAY_SIZE(counts), err);
	return rc ? rc : get_ratio(o, &f->average_compression_ratio, err);
}

static int
get_accuracy(const cJSON *tree, struct doc *out, struct err *err)
{
	const cJSON *o = get_member(tree, "accuracy");
	struct figures *f = &out->figures;
	const struct integer counts[] = {
		{ "exact_deltas", &f->exact_deltas },
		{ "sampled_deltas", &f->sampled_deltas },
		{ "estimated_deltas", &f->estimated_deltas },
	};

	if (!o)
		return 0;
	if (!cJSON_IsObject(o))
		return err_set(err, EBADMSG, "accuracy is not an object");
	out->has_accuracy = true;
	return get_integers(o, counts, ARRAY_SIZE(counts), err);
}

/* --- whether its parts agree --- */

/*
 * What holds for every bucket; sums that have stopped at INT64_MAX included, as
 * long as both sides of a comparison are such sums.
 */
static int
check_stats(const struct doc *d, struct err *err)
{
	const struct figures *f = &d->figures;
	int64_t more = f->total_size - f->compressed_size;
	double ratio = 0;

	if (f->object_count - f->delta_objects != f->direct_objects)
		return err_set(err, EBADMSG,
			       "objects are not deltas and directs");
	if (f->delta_objects == 0 && more != 0)
		return err_set(err, EBADMSG,
			       "sizes differ, and nothing is a delta");
	if (f->object_count == 0 && f->compressed_size > 0)
		return err_set(err, EBADMSG, "bytes of no objects");
	if (f->space_saved != (more > 0 ? more : 0))
		return err_set(err, EBADMSG,
			       "space_saved is not what was saved");
	if (f->total_size > 0)
		ratio = (double)f->space_saved / (double)f->total_size;
	if (fabs(f->average_compression_ratio - ratio) > RATIO_ERROR_MAX)
		return err_set(err, EBADMSG,
			       "average_compression_ratio does not fit");
	return 0;
}

/*
 * validation has the references besides.  Their bytes are in stats too if there
 * is a delta; and if there are none, there are none to be missing.
 */
static int
check_validation(const struct doc *d, struct err *err)
{
	const struct validation *v = &d->validation;
	const struct figures *f = &d->figures;
	bool has_all_bytes =
		f->delta_objects > 0 || f->object_count == v->object_count;

	if (f->object_count > v->object_count)
		return err_set(err, EBADMSG, "more objects than are listed");
	if (has_all_bytes ? f->compressed_size != v->compressed_size
			  : f->compressed_size > v->compressed_size)
		return err_set(err, EBADMSG,
			       "compressed_size is not what is listed");
	return 0;
}

static int
check_accuracy(const struct doc *d, struct err *err)
{
	const struct figures *f = &d->figures;
	int64_t sum;

	if (!d->has_accuracy)
		return 0;
	if (__builtin_add_overflow(f->exact_deltas, f->sampled_deltas, &sum) ||
	    __builtin_add_overflow(sum, f->estimated_deltas, &sum) ||
	    sum != f->delta_objects)
		return err_set(err, EBADMSG, "accuracy does not add up");
	if ((d->mode != MODE_SAMPLED && f->sampled_deltas > 0) ||
	    (d->mode == MODE_QUICK && f->exact_deltas > 0))
		return err_set(err, EBADMSG, "accuracy is of another mode");
	return 0;
}

enum doc_verdict
doc_parse(struct doc *out, const char *data, size_t len, const char *bucket,
	  enum mode mode, struct err *err)
{
	CLEANUP(free_tree) cJSON *tree = parse_tree(data, len, err);

	*out = (struct doc){ .mode = mode, .bucket = bucket };
	if (!tree)
		return DOC_BAD;
	if (!get_member(tree, "version")) {
		err_set(err, EBADMSG, "without version");
		return DOC_BAD;
	}
	if (!is_string(tree, "version", DOC_VERSION)) {
		err_set(err, EBADMSG, "not of version " DOC_VERSION);
		return DOC_FOREIGN;
	}
	if (get_head(tree, out, err) ||
	    get_validation(tree, &out->validation, err) ||
	    get_stats(tree, out, err) || get_accuracy(tree, out, err) ||
	    check_stats(out, err) || check_validation(out, err) ||
	    check_accuracy(out, err))
		return DOC_BAD;
	return DOC_GOOD;
}
