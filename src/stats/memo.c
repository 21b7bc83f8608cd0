/* SPDX-License-Identifier: MIT */
/*
 * Original sizes that are remembered: see memo.h.  Pure; one thread at a time.
 */
#include "config.h"

#include "stats/memo.h"

#include "stats/stats.h"
#include "util/date.h"

#define DAY_S (DAY_MS / 1000)

/* --- a file and its marks --- */

static void
part_clear(struct memo_part *p)
{
	memo_file_clear(&p->file);
	free(steal(&p->marks));
}

/* A bit for each record. */
static void
mark(struct memo_part *p, size_t i)
{
	p->marks[i / 8] |= (unsigned char)(1U << i % 8);
}

static bool
has_mark(const struct memo_part *p, size_t i)
{
	return p->marks[i / 8] >> i % 8 & 1;
}

static const struct memo_record *
part_find(struct memo_part *p, const unsigned char id[MEMO_ID_LEN])
{
	const struct memo_record *r = memo_file_find(&p->file, id);

	if (r && p->marks)
		mark(p, (size_t)(r - memo_file_records(&p->file)));
	return r;
}

static enum memo_verdict
part_take(struct memo *m, struct memo_part *p, const unsigned char *base,
	  struct buf *bytes, struct err *err)
{
	enum memo_verdict verdict;

	part_clear(p);
	verdict = memo_file_parse(&p->file, bytes, m->bucket, base, err);
	p->marks = xcalloc(p->file.n / 8 + 1, sizeof(p->marks[0]));
	return verdict;
}

static bool
is_marked(void *arg, const struct memo_record *r)
{
	const struct memo_part *p = arg;

	return has_mark(p, (size_t)(r - memo_file_records(&p->file)));
}

/* It is known which of its records were looked up, of all that there are. */
static bool
has_marks(const struct memo_part *p)
{
	return p->marks || p->file.n == 0;
}

static size_t
count_marked(const struct memo_part *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->file.n; i++)
		n += has_mark(p, i);
	return n;
}

/* --- what is known --- */

static void
sort_learned(struct memo *m)
{
	memo_file_sort(&m->learned);
	m->n_sorted = m->learned.n;
}

static void
forget_learned(struct memo *m)
{
	memo_file_clear(&m->learned);
	m->n_sorted = 0;
	m->is_borrowed = false;
}

void
memo_init(struct memo *m, const char *bucket)
{
	*m = (struct memo){ .bucket = bucket, .hash = sha256_new() };
	memo_file_init(&m->base.file);
	memo_file_init(&m->recent.file);
	memo_file_init(&m->learned);
	memo_file_init(&m->before);
	memo_file_init(&m->unsaved);
}

void
memo_clear(struct memo *m)
{
	part_clear(&m->base);
	part_clear(&m->recent);
	memo_file_clear(&m->learned);
	memo_file_clear(&m->before);
	memo_file_clear(&m->unsaved);
	sha256_free(steal(&m->hash));
}

/* What is there belongs to this base. */
static void
note_base(struct memo *m)
{
	m->has_base = true;
	m->base_written_at = memo_file_written_at(&m->base.file);
	m->base_epoch = memo_file_epoch(&m->base.file);
	memcpy(m->base_sum, memo_file_checksum(&m->base.file), SHA256_LEN);
}

/* What was learned before has the room that is left. */
static void
fit_learned(struct memo *m)
{
	size_t n = memo_count_written(m);
	size_t room = n < MEMO_HELD_MAX ? MEMO_HELD_MAX - n : 0;

	if (m->learned.n <= room)
		return;
	memo_file_cut(&m->learned, room);
	m->n_sorted = room;
}

enum memo_verdict
memo_take_base(struct memo *m, struct buf *bytes, struct err *err)
{
	enum memo_verdict verdict = part_take(m, &m->base, NULL, bytes, err);

	if (verdict == MEMO_GOOD)
		note_base(m);
	fit_learned(m);
	return verdict;
}

/* This program writes no two that are too much together. */
enum memo_verdict
memo_take_recent(struct memo *m, struct buf *bytes, struct err *err)
{
	static const unsigned char no_base[SHA256_LEN];
	enum memo_verdict verdict = part_take(
		m, &m->recent, m->has_base ? m->base_sum : no_base, bytes, err);

	if (memo_count_written(m) > MEMO_HELD_MAX)
		part_clear(&m->recent);
	fit_learned(m);
	return verdict;
}

static struct memo_seen
seen_now(const struct memo *m)
{
	struct memo_seen now = { { 0 }, { 0 } };

	if (m->has_base)
		memcpy(now.base, m->base_sum, SHA256_LEN);
	if (m->recent.file.is_sealed)
		memcpy(now.recent, memo_file_checksum(&m->recent.file),
		       SHA256_LEN);
	return now;
}

void
memo_note_read(struct memo *m)
{
	struct memo_seen now = seen_now(m);

	if (memcmp(&now, &m->seen, sizeof(now)) != 0)
		memo_distrust(m);
	m->seen = now;
}

void
memo_forget_written(struct memo *m)
{
	part_clear(&m->base);
	part_clear(&m->recent);
	m->has_base = false;
}

void
memo_rest(struct memo *m)
{
	memo_forget_written(m);
	m->is_full = false;
	if (m->learned.bytes.len > MEMO_IDLE_MAX)
		forget_learned(m);
	sort_learned(m);
}

void
memo_distrust(struct memo *m)
{
	forget_learned(m);
	memo_end_renewal(m);
	memo_file_clear(&m->unsaved);
}

void
memo_renew(struct memo *m)
{
	struct memo_file learned = m->learned;
	bool is_own = !m->is_borrowed && learned.n <= MEMO_IDLE_RECORDS;

	memo_file_init(&m->learned);
	memo_distrust(m);
	m->before = learned;
	memo_file_sort(&m->before);
	if (!is_own)
		memo_end_renewal(m);
}

void
memo_restore(struct memo *m)
{
	sort_learned(m);
	if (m->before.n + m->learned.n <= MEMO_IDLE_RECORDS &&
	    memo_file_merge(&m->before, &m->learned) == 0) {
		memo_file_clear(&m->learned);
		m->learned = m->before;
		m->n_sorted = m->learned.n;
		memo_file_init(&m->before);
	}
	memo_end_renewal(m);
}

void
memo_end_renewal(struct memo *m)
{
	memo_file_clear(&m->before);
}

static bool
has_other_base(const struct memo *m, uint64_t epoch)
{
	return m->has_base && m->base_epoch != epoch;
}

bool
memo_is_of(const struct memo *m, uint64_t epoch)
{
	return m->epoch == epoch && !has_other_base(m, epoch);
}

void
memo_expect(struct memo *m, uint64_t epoch)
{
	if (has_other_base(m, epoch))
		memo_forget_written(m);
	if (m->epoch != epoch)
		memo_distrust(m);
	m->epoch = epoch;
}

bool
memo_find(struct memo *m, const struct object *o, int64_t *original)
{
	struct memo_file learned = m->learned;
	const struct memo_record *r;
	unsigned char id[MEMO_ID_LEN];

	if (!memo_can_know(o))
		return false;
	memo_set_id(o, m->hash, id);
	learned.n = m->n_sorted;
	r = memo_file_find(&learned, id);
	if (!r)
		r = part_find(&m->recent, id);
	if (!r)
		r = part_find(&m->base, id);
	if (r)
		*original = memo_record_original(r);
	return r != NULL;
}

static void
learn(struct memo *m, const struct memo_record *r)
{
	m->is_full = m->is_full || memo_count(m) >= MEMO_HELD_MAX ||
		     memo_file_add(&m->learned, r) != 0;
}

void
memo_learn(struct memo *m, const struct object *o, int64_t original)
{
	struct memo_record r;

	if (!m->is_full && memo_record_make(&r, o, m->hash, original))
		learn(m, &r);
}

/* What was written counts no more; while it is put, it has to stay. */
static void
make_room(struct memo *m)
{
	if (m->is_packed || memo_count_written(m) == 0) {
		forget_learned(m);
		return;
	}
	memo_forget_written(m);
	m->is_full = false;
}

void
memo_learn_anew(struct memo *m, const struct object *o, int64_t original)
{
	struct memo_record r;

	/* what can't be remembered is not what is remembered from before */
	if (!memo_record_make(&r, o, m->hash, original)) {
		memo_end_renewal(m);
		return;
	}
	learn(m, &r);
	if (!m->is_full)
		return;
	memo_end_renewal(m);
	make_room(m);
	learn(m, &r);
}

void
memo_keep(struct memo *m, struct memo_file *records)
{
	size_t n = m->learned.n;
	size_t room = n < MEMO_IDLE_RECORDS ? MEMO_IDLE_RECORDS - n : 0;

	memo_file_sort(records);
	if (records->n > room)
		memo_file_cut(records, room);
	sort_learned(m);
	memo_file_merge(&m->learned, records);
	m->n_sorted = m->learned.n;
	fit_learned(m);
}

size_t
memo_count_written(const struct memo *m)
{
	return m->base.file.n + m->recent.file.n;
}

size_t
memo_count(const struct memo *m)
{
	return memo_count_written(m) + m->learned.n;
}

/* --- what is worth writing --- */

/* It is not what is written already. */
static bool
is_news(void *arg, const struct memo_record *r)
{
	struct memo *m = arg;
	const struct memo_record *known = part_find(&m->recent, r->id);

	if (!known)
		known = part_find(&m->base, r->id);
	return !known || memcmp(known, r, sizeof(*r)) != 0;
}

/* What was not looked up: it is gone, or makes room for what was not learned. */
static bool
may_leave_out(const struct memo *m, const struct memo_sweep *s)
{
	return (s->is_of_all || m->is_full) && has_marks(&m->base) &&
	       has_marks(&m->recent);
}

static bool
is_base_due(const struct memo *m, const struct memo_sweep *s, int64_t now)
{
	bool is_pruned = may_leave_out(m, s);
	size_t n_base = is_pruned ? count_marked(&m->base) : m->base.file.n;
	size_t n_more = m->learned.n + (is_pruned ? count_marked(&m->recent)
						  : m->recent.file.n);
	size_t n_room = m->is_full ? memo_count(m) - n_base - n_more : 0;
	int64_t age = now - m->base_written_at;

	if (age >= 0 && age < DAY_S && n_more + n_room < n_base)
		return false;
	if (n_base + n_more > MEMO_HELD_MAX)
		return false;
	return MEMO_BYTES(n_base + n_more) <=
	       MEMO_BYTES_PER_HEAD * (n_more + n_room);
}

/* What is too much to be kept until it is there need not be there twice. */
static bool
is_kept(const struct memo *m)
{
	return m->learned.bytes.len <= MEMO_IDLE_MAX &&
	       memo_count(m) + m->learned.n <= MEMO_HELD_MAX;
}

enum memo_write
memo_end_sweep(struct memo *m, const struct memo_sweep *s, int64_t now)
{
	bool is_all_new = s->is_anew && s->is_of_all;

	sort_learned(m);
	if (!s->is_anew)
		memo_file_filter(&m->learned, is_news, m);
	m->n_sorted = m->learned.n;
	if (m->learned.n == 0)
		return m->is_full && m->has_base && is_base_due(m, s, now)
			       ? MEMO_WRITE_BASE
			       : MEMO_WRITE_NOTHING;
	if (is_all_new || !m->has_base || is_base_due(m, s, now) ||
	    (s->is_anew && !is_kept(m)))
		return MEMO_WRITE_BASE;
	if (MEMO_BYTES(m->recent.file.n + m->learned.n) <=
		    MEMO_BYTES_PER_HEAD * m->learned.n ||
	    s->is_anew) /* what is not written is not believed any more */
		return MEMO_WRITE_RECENT;
	return MEMO_WRITE_NOTHING;
}

/* --- the bytes of it --- */

static int
add_learned(struct memo *m)
{
	int rc = is_kept(m) ? memo_file_merge(&m->recent.file, &m->learned)
			    : memo_file_merge_all(&m->recent.file, &m->learned);

	free(steal(&m->recent.marks)); /* its records have moved */
	if (rc)
		return rc;
	memo_file_clear(&m->unsaved);
	m->unsaved = m->learned;
	memo_file_init(&m->learned);
	m->n_sorted = 0;
	return 0;
}

static int
pack_base(struct memo *m, const struct memo_sweep *s, int64_t now)
{
	int rc;

	if (s->is_anew && s->is_of_all) {
		part_clear(&m->base);
		part_clear(&m->recent);
	} else if (may_leave_out(m, s)) {
		memo_file_filter(&m->base.file, is_marked, &m->base);
		memo_file_filter(&m->recent.file, is_marked, &m->recent);
	}
	free(steal(&m->base.marks));
	rc = add_learned(m);
	if (rc == 0)
		rc = memo_file_merge_all(&m->base.file, &m->recent.file);
	if (rc == 0)
		rc = memo_file_seal(&m->base.file, m->bucket,
				    &(struct memo_stamp){ .written_at = now,
							  .epoch = m->epoch });
	if (rc)
		return rc;
	part_clear(&m->recent);
	note_base(m);
	return 0;
}

static int
pack_recent(struct memo *m, int64_t now)
{
	int rc = add_learned(m);

	return rc ? rc
		  : memo_file_seal(&m->recent.file, m->bucket,
				   &(struct memo_stamp){ .written_at = now,
							 .epoch = m->epoch,
							 .base = m->base_sum });
}

void
memo_note_written(struct memo *m, bool is_there)
{
	struct memo_file later = m->learned;

	if (is_there) {
		m->seen = seen_now(m);
	} else {
		memo_file_sort(&later);
		m->learned = m->unsaved;
		m->unsaved = later;
		memo_file_merge(&m->learned, &m->unsaved);
		m->n_sorted = m->learned.n;
	}
	memo_file_clear(&m->unsaved);
	m->is_packed = false;
}

const struct buf *
memo_pack(struct memo *m, enum memo_write what, const struct memo_sweep *s,
	  int64_t now)
{
	int rc = what == MEMO_WRITE_BASE ? pack_base(m, s, now)
					 : pack_recent(m, now);

	m->is_packed = true;
	if (rc) {
		memo_note_written(m, false);
		return NULL;
	}
	return what == MEMO_WRITE_BASE ? &m->base.file.bytes
				       : &m->recent.file.bytes;
}
