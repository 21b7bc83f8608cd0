/* SPDX-License-Identifier: MIT */
/*
 * The statistics of one bucket in one mode: see stats.h.  Pure; one thread at a
 * time; tally_add() runs once per object listed.
 *
 * Only deltas and references enter a deltaspace.  A direct object counts as
 * itself wherever it lies, so it costs no look at the spaces; one that is over
 * closes a little later, when the next delta or reference comes.
 *
 * What a delta counts is decided when its space is done, since its reference
 * may come after it, and the answers to HEADs in any order.
 */
#include "config.h"

#include "stats/stats.h"

#include <utlist.h>

#include "stats/missing.h"
#include "stats/space.h"
#include "util/date.h"
#include "util/number.h"

/* A range of keys: all sums are the tally's, only the open spaces its own. */
struct tally_part {
	struct tally *tally;
	struct space_stack stack;
	struct blocks_part *blocks; /* NULL: not wanted */
	struct tally_part *prev, *next;
};

struct tally {
	enum mode mode;
	struct validator *validator;
	struct sha256 *hash; /* scratch space, with blocks */
	struct spaces spaces;
	struct tally_part *parts; /* not ended yet */
	struct space *last_candidate; /* of tally_next_candidate() */
	struct newest_text newest;
	struct integrity *integrity;
	struct prefixes *prefixes; /* NULL: not wanted */
	struct blocks *blocks; /* NULL: not wanted */
	struct missing *missing; /* with blocks */
	struct space any_space; /* of all deltas, with blocks */
	int64_t n_directs;
	int64_t direct_bytes;
	int64_t n_deltas;
	int64_t delta_bytes;
	int64_t reference_bytes;
	/* of the spaces that are done */
	int64_t original_bytes; /* of their deltas */
	int64_t n_exact;
	int64_t n_sampled;
	int64_t n_estimated;
};

const char *const original_size_names[] = {
	"dg-file-size",
	"dg_file_size",
	"file_size",
	"file-size",
	"deltaglider-original-size",
};
const size_t n_original_size_names = ARRAY_SIZE(original_size_names);

int64_t
original_size_parse(const char *value)
{
	int64_t size;

	return number_parse(value, &size) ? size : ORIGINAL_UNKNOWN;
}

/* --- a deltaspace that is complete --- */

/* It cannot be restored what has no reference, and nothing needs one without deltas. */
static void
on_space_listed(void *arg, const struct space *s)
{
	struct tally *t = arg;
	struct flawed f = { .key = s->first, .key_len = s->first_len };
	enum flaw flaw = s->has_reference ? FLAW_ORPHAN : FLAW_NO_REFERENCE;

	if (s->n_deltas > 0 && s->has_reference)
		return;
	f.n = s->has_reference ? 1 : s->n_deltas;
	f.bytes = s->has_reference ? s->reference_size : s->delta_bytes;
	integrity_add(t->integrity, flaw, &f);
	if (flaw == FLAW_ORPHAN)
		integrity_add_key(t->integrity, flaw, f.key, f.key_len);
	for (; flaw == FLAW_NO_REFERENCE && s; s = s->rest)
		integrity_add_keys(t->integrity, flaw, &s->deltas);
}

/* The original size of `n` deltas of `s`, `bytes` together, that nothing is known of. */
static int64_t
estimate(struct tally *t, const struct space *s, int64_t n, int64_t bytes)
{
	t->n_estimated += n;
	return s->has_reference ? multiply_saturating(n, s->reference_size)
				: bytes;
}

/* That of all its deltas. */
static int64_t
find_original(struct tally *t, const struct space *s)
{
	if (s->n_known == 0)
		return estimate(t, s, s->n_deltas, s->delta_bytes);
	t->n_exact += s->n_known;
	if (t->mode == MODE_SAMPLED) {
		/* one was asked, and its size stands for every sibling */
		t->n_sampled += s->n_deltas - 1;
		return multiply_saturating(s->n_deltas, s->known_original);
	}
	return add_saturating(
		s->known_original,
		estimate(t, s, s->n_deltas - s->n_known, s->missing_bytes));
}

static void
on_space_done(void *arg, const struct space *s)
{
	struct tally *t = arg;
	int64_t original = t->blocks ? 0 : find_original(t, s);

	t->original_bytes = add_saturating(t->original_bytes, original);
	if (t->prefixes)
		prefixes_add(t->prefixes, s->prefix, s->prefix_len,
			     &(struct prefix_sums){ .original = original,
						    .newest = PREFIX_NEVER });
}

/* --- objects in --- */

struct tally *
tally_new(enum mode mode)
{
	static const struct space_events events = { on_space_listed,
						    on_space_done };
	struct tally *t = xnew(struct tally);

	t->mode = mode;
	t->validator = validator_new();
	t->integrity = integrity_new();
	spaces_init(&t->spaces, &events, t);
	return t;
}

void
tally_list_flaws(struct tally *t, size_t spaces_max)
{
	t->integrity->spaces_max = spaces_max;
	t->integrity->keys_room = INTEGRITY_KEYS_BYTES;
	t->spaces.keys_room = INTEGRITY_KEYS_BYTES;
}

void
tally_want_prefixes(struct tally *t, unsigned depth, size_t max)
{
	t->prefixes = prefixes_new(depth, max);
}

void
tally_want_blocks(struct tally *t)
{
	t->blocks = blocks_new();
	t->hash = sha256_new();
	t->missing = missing_new();
}

struct space *
tally_any_space(struct tally *t)
{
	return &t->any_space;
}

bool
tally_is_lost(const struct tally *t)
{
	return t->missing && missing_is_lost(t->missing);
}

struct blocks *
tally_blocks(const struct tally *t)
{
	if (!t->blocks || blocks_are_void(t->blocks) || tally_is_lost(t))
		return NULL;
	return t->blocks;
}

struct tally_part *
tally_part_new(struct tally *t, const char *after, size_t after_len,
	       bool is_ordered)
{
	struct tally_part *p = xnew(struct tally_part);

	p->tally = t;
	space_stack_init(&p->stack, &t->spaces, after, after_len, is_ordered);
	if (t->blocks)
		p->blocks = blocks_part_new(t->blocks, after, after_len,
					    is_ordered);
	DL_APPEND(t->parts, p);
	return p;
}

void
tally_part_end(struct tally_part *p)
{
	space_stack_end(&p->stack);
	if (p->blocks)
		blocks_part_end(p->blocks);
	DL_DELETE(p->tally->parts, p);
	free(p);
}

void
tally_free(struct tally *t)
{
	struct tally_part *p;

	if (!t)
		return;
	while ((p = t->parts)) {
		space_stack_clear(&p->stack);
		DL_DELETE(t->parts, p);
		free(p);
	}
	spaces_clear(&t->spaces);
	integrity_unref(t->integrity);
	prefixes_free(t->prefixes);
	validator_free(t->validator);
	blocks_free(t->blocks);
	missing_free(t->missing);
	sha256_free(t->hash);
	free(t);
}

enum kind { KIND_DIRECT, KIND_DELTA, KIND_REFERENCE };

static bool
ends_with(const struct object *o, const char *end)
{
	size_t n = strlen(end);

	return o->key_len >= n && memcmp(o->key + o->key_len - n, end, n) == 0;
}

static bool
is_reference(const struct object *o)
{
	static const char name[] = "reference.bin";

	return ends_with(o, name) && (o->key_len == sizeof(name) - 1 ||
				      o->key[o->key_len - sizeof(name)] == '/');
}

static enum kind
kind_of(const struct object *o)
{
	if (ends_with(o, ".delta"))
		return KIND_DELTA;
	return is_reference(o) ? KIND_REFERENCE : KIND_DIRECT;
}

bool
object_is_delta(const struct object *o)
{
	return kind_of(o) == KIND_DELTA && !object_is_internal(o);
}

/* What a delta counts as its original is known when its deltaspace is done. */
static void
count_in_tree(struct tally *t, const struct object *o, enum kind kind)
{
	bool is_reference = kind == KIND_REFERENCE;
	struct prefix_sums sums = {
		.n_deltas = kind == KIND_DELTA,
		.n_directs = kind == KIND_DIRECT,
		.stored = is_reference ? 0 : o->size,
		.references = is_reference ? o->size : 0,
		.original = kind == KIND_DIRECT ? o->size : 0,
	};

	if (!date_parse_iso(o->last_modified, &sums.newest))
		sums.newest = PREFIX_NEVER;
	prefixes_add(t->prefixes, o->key, o->key_len, &sums);
}

static void
add_reference(struct tally_part *p, const struct object *o)
{
	struct space *s = space_stack_enter(&p->stack, o->key, o->key_len);
	struct tally *t = p->tally;

	s->has_reference = true;
	s->reference_size = o->size;
	key_list_clear(&s->deltas, &t->spaces.keys_room);
	t->reference_bytes = add_saturating(t->reference_bytes, o->size);
	if (t->missing)
		missing_add_reference(t->missing, o, t->hash);
}

/* One delta has it, whatever else is in its deltaspace. */
static void
note_flaw(struct tally *t, enum flaw flaw, const struct object *o)
{
	integrity_add(t->integrity, flaw,
		      &(struct flawed){ .key = o->key,
					.key_len = o->key_len,
					.n = 1,
					.bytes = o->size });
	integrity_add_key(t->integrity, flaw, o->key, o->key_len);
}

static struct space *
add_delta(struct tally_part *p, const struct object *o,
	  const unsigned char *digest)
{
	struct space *s = space_stack_enter(&p->stack, o->key, o->key_len);
	struct tally *t = p->tally;
	bool is_first = s->n_deltas == 0;

	s->n_deltas++;
	s->delta_bytes = add_saturating(s->delta_bytes, o->size);
	t->n_deltas++;
	t->delta_bytes = add_saturating(t->delta_bytes, o->size);
	if (!s->has_reference)
		key_list_add(&s->deltas, &t->spaces.keys_room, o->key,
			     o->key_len);
	if (o->size == 0)
		note_flaw(t, FLAW_EMPTY, o);
	if (p->blocks) {
		blocks_add(p->blocks, o, digest);
		return &t->any_space;
	}
	if (t->mode == MODE_QUICK)
		return NULL;
	if (t->mode == MODE_SAMPLED && !s->has_start) {
		/* another range may have an earlier one */
		if (is_first || !p->stack.is_ordered)
			space_put_by(&t->spaces, s, o);
		return NULL;
	}
	if (t->mode == MODE_SAMPLED && !is_first)
		return NULL;
	s->n_pending++;
	return s;
}

struct space *
tally_add(struct tally_part *p, const struct object *o)
{
	struct tally *t = p->tally;
	unsigned char digest[SHA256_LEN];
	enum kind kind;

	if (object_is_internal(o))
		return NULL;
	if (p->blocks) {
		object_digest(o, t->hash, digest);
		validator_add_digest(t->validator, o, digest);
	} else {
		validator_add(t->validator, o);
	}
	newest_add(&t->newest, o);
	kind = kind_of(o);
	if (t->prefixes)
		count_in_tree(t, o, kind);
	if (kind == KIND_DELTA)
		return add_delta(p, o, p->blocks ? digest : NULL);
	if (kind == KIND_REFERENCE) {
		add_reference(p, o);
	} else {
		t->n_directs++;
		t->direct_bytes = add_saturating(t->direct_bytes, o->size);
	}
	return NULL;
}

/* Where its deltaspace does not wait for it. */
static void
answer_anywhere(struct tally *t, const struct object *o, int64_t original)
{
	if (original == ORIGINAL_UNKNOWN)
		missing_add_delta(t->missing, o, t->hash);
	else
		tally_know(t, 1, original);
}

void
tally_know(struct tally *t, int64_t n, int64_t original)
{
	t->n_exact += n;
	t->original_bytes = add_saturating(t->original_bytes, original);
}

void
tally_answer_other(struct tally *t, struct space *s, const struct object *o,
		   int64_t original)
{
	if (s == &t->any_space) {
		answer_anywhere(t, o, original);
		return;
	}
	if (original == ORIGINAL_UNKNOWN) {
		s->missing_bytes = add_saturating(s->missing_bytes, o->size);
	} else {
		s->n_known++;
		s->known_original = add_saturating(s->known_original, original);
	}
	spaces_answered(&t->spaces, s);
}

void
tally_answer(struct tally *t, struct space *s, const struct object *o,
	     int64_t original)
{
	if (original != ORIGINAL_UNKNOWN && o->size >= original)
		note_flaw(t, FLAW_NOT_SMALLER, o);
	tally_answer_other(t, s, o, original);
}

void
tally_give_up(struct tally *t, struct space *s, const struct object *o)
{
	if (s != &t->any_space)
		tally_answer(t, s, o, ORIGINAL_UNKNOWN);
}

struct space *
tally_next_candidate(struct tally *t, struct object *o)
{
	struct space *s;

	if (t->mode != MODE_SAMPLED)
		return NULL;
	s = spaces_next_candidate(&t->spaces, &t->last_candidate);
	if (!s)
		return NULL;
	*o = *s->candidate;
	s->n_pending++;
	return s;
}

bool
tally_is_full(const struct tally *t)
{
	return spaces_are_too_many(&t->spaces);
}

/* --- figures out --- */

const struct validation *
tally_validation(const struct tally *t)
{
	return validator_sum(t->validator);
}

struct newest
tally_newest(const struct tally *t)
{
	return newest_of(&t->newest);
}

struct integrity *
tally_integrity(struct tally *t, bool has_originals)
{
	spaces_end_listing(&t->spaces);
	t->integrity->has_originals = has_originals;
	if (!has_originals)
		integrity_forget(t->integrity, FLAW_NOT_SMALLER);
	return integrity_ref(t->integrity);
}

void
figures_add_saved(struct figures *f)
{
	int64_t total = f->total_size, stored = f->compressed_size;

	f->space_saved = total > stored ? total - stored : 0;
	/* in doubles, as whoever divides the two printed numbers does it */
	if (total > 0)
		f->average_compression_ratio =
			(double)f->space_saved / (double)total;
}

static void
count_missing(struct tally *t)
{
	t->n_estimated += missing_count(t->missing);
	t->original_bytes =
		add_saturating(t->original_bytes, missing_sum(t->missing));
}

void
tally_figures(struct tally *t, struct figures *out)
{
	int64_t stored = add_saturating(t->direct_bytes, t->delta_bytes);
	int64_t total;

	spaces_fold(&t->spaces);
	if (t->missing)
		count_missing(t);
	total = add_saturating(t->direct_bytes, t->original_bytes);
	/* a reference without any delta is not DeltaGlider's */
	if (t->n_deltas > 0)
		stored = add_saturating(stored, t->reference_bytes);
	*out = (struct figures){
		.object_count = t->n_deltas + t->n_directs,
		.total_size = total,
		.compressed_size = stored,
		.delta_objects = t->n_deltas,
		.direct_objects = t->n_directs,
		.exact_deltas = t->n_exact,
		.sampled_deltas = t->n_sampled,
		.estimated_deltas = t->n_estimated,
	};
	figures_add_saved(out);
	if (t->prefixes)
		prefixes_end(t->prefixes, t->n_deltas > 0);
}

const struct prefixes *
tally_prefixes(const struct tally *t)
{
	return t->prefixes;
}
