/* SPDX-License-Identifier: MIT */
/*
 * One LIST of a bucket for all who wait: see scan.h.  Net thread only.
 *
 * A scan begins from a timer, never from inside anything else.
 */
#include "config.h"

#include "engine/scan.h"

#include <utlist.h>

#include "engine/buckets.h"
#include "engine/index-read.h"
#include "engine/slots.h"
#include "list/listing.h"
#include "util/date.h"
#include "util/log.h"

/* A scan in which nothing goes on for so long need not be waited for. */
#define PATIENCE_MS 2000

/* A range of the listing: what it is to each user. */
struct scan_range {
	struct scan_range *prev, *next;
	void *of[]; /* by the user's index */
};

struct scan {
	struct scan_env *env;
	struct bucket *bucket;
	enum scan_lane lane;
	struct scan_user **users; /* NULL: it has left */
	size_t n_users, n_present;
	struct timer gather;
	bool is_due; /* to begin, when the one before it has ended */
	struct listing *listing; /* NULL: it has not begun */
	struct scan_range *ranges; /* not ended yet */
	enum list_plan plan; /* what the last listing was ended for */
	struct slots_client client;
	struct traffic traffic; /* of all its listings */
	struct index_read *index; /* NULL: there is no memo */
	struct index_reader reader; /* of it, for its keys */
	bool has_read_index; /* this listing has, or it is under way */
	int64_t n_expected; /* keys; 0: nobody has said how many there are */
	bool is_index_shown; /* in a listing, so that there is something to read */
	bool is_patient; /* it pauses while any user has no room */
	bool is_void; /* it begins again when nothing is under way */
	bool is_over; /* complete, failed, or nobody is present */
	bool is_telling; /* its users: it must not go meanwhile */
};

static struct scan_queue *
queue_of(const struct scan *s)
{
	return &s->bucket->scans[s->lane];
}

/* --- room --- */

static enum scan_room
room_of(const struct scan *s, const struct scan_user *u)
{
	return u->events->room(u->arg, listing_in_flight(s->listing));
}

/* That of the user who has most of it, and of the one who has least. */
static void
look_at_room(const struct scan *s, enum scan_room *most, enum scan_room *least)
{
	*most = SCAN_IS_FULL;
	*least = SCAN_HAS_ROOM;
	for (size_t i = 0; i < s->n_users; i++) {
		enum scan_room room;

		if (!s->users[i])
			continue;
		room = room_of(s, s->users[i]);
		if (room < *most)
			*most = room;
		if (room > *least)
			*least = room;
	}
}

/* Somebody waits for it to end. */
static bool
is_awaited(const struct scan *s)
{
	const struct scan *next = queue_of(s)->next;

	return s->lane == SCAN_SHARED && next && next->is_due;
}

static bool
has_room(const struct scan *s)
{
	enum scan_room most, least;

	look_at_room(s, &most, &least);
	if (s->is_patient)
		return least == SCAN_HAS_ROOM;
	return most == SCAN_HAS_ROOM || (is_awaited(s) && most < SCAN_IS_FULL);
}

/* --- pages are asked for --- */

static bool
wants_page(const struct scan *s)
{
	return !s->is_over && !s->is_void && has_room(s) &&
	       listing_can_send(s->listing);
}

static bool
send_page(void *arg)
{
	struct scan *s = arg;

	listing_send(s->listing);
	return wants_page(s);
}

/* Ask for a slot, if a page can be asked for now. */
static void
ask(struct scan *s)
{
	if (wants_page(s))
		slots_want(s->env->slots, &s->client);
	else
		slots_leave(s->env->slots, &s->client);
}

/* A slot is free again. */
static void
free_slot(struct scan *s)
{
	if (!wants_page(s))
		slots_leave(s->env->slots, &s->client);
	slots_completed(s->env->slots, &s->client);
}

/* --- pages come --- */

static void *
on_range(void *arg, const char *after, size_t after_len, bool is_ordered)
{
	struct scan *s = arg;
	struct scan_range *r =
		xcalloc(1, sizeof(*r) + s->n_users * sizeof(r->of[0]));

	DL_APPEND(s->ranges, r);
	for (size_t i = 0; i < s->n_users; i++) {
		const struct scan_user *u = s->users[i];

		if (u)
			r->of[i] = u->events->on_range(u->arg, after, after_len,
						       is_ordered);
	}
	return r;
}

static void
on_page(void *arg, void *range, const struct list_page *page)
{
	struct scan *s = arg;
	const struct scan_range *r = range;

	for (size_t i = 0; i < s->n_users; i++) {
		const struct scan_user *u = s->users[i];

		if (u)
			u->events->on_page(u->arg, r->of[i], page);
	}
	if (index_sight(page, false, true) == INDEX_SHOWN)
		s->is_index_shown = true;
}

static void
on_range_end(void *arg, void *range)
{
	struct scan *s = arg;
	struct scan_range *r = range;

	for (size_t i = 0; i < s->n_users; i++) {
		const struct scan_user *u = s->users[i];

		if (u)
			u->events->on_range_end(u->arg, r->of[i]);
	}
	DL_DELETE(s->ranges, r);
	free(r);
}

/* --- the end --- */

static void
clear_listing(struct scan *s)
{
	struct scan_range *r;

	listing_free(steal(&s->listing));
	while ((r = s->ranges)) {
		DL_DELETE(s->ranges, r);
		free(r);
	}
}

static void
free_if_over(struct scan *s)
{
	if (!s->is_over || s->is_telling ||
	    (s->listing && !listing_is_idle(s->listing)))
		return;
	clear_listing(s);
	s->env->n_scans--;
	index_read_unref(s->index);
	free(s->users);
	free(s);
}

/* The next one need not wait for this one any longer. */
static void
make_way(struct scan *s)
{
	struct scan_queue *q = queue_of(s);

	if (q->next == s)
		q->next = NULL;
	if (q->running != s)
		return;
	q->running = NULL;
	if (q->next && q->next->is_due)
		timer_arm(s->env->timers, &q->next->gather, 0);
}

/* What comes of it is not for this listing. */
static void
forget_index(struct scan *s)
{
	s->has_read_index = false;
	if (s->index)
		index_read_leave(s->index, &s->reader);
}

static void
end(struct scan *s)
{
	if (s->is_over)
		return;
	s->is_over = true;
	timer_disarm(s->env->timers, &s->gather);
	slots_leave(s->env->slots, &s->client);
	forget_index(s);
	if (s->listing)
		listing_stop(s->listing);
	make_way(s);
}

/* --- who is in the way of others --- */

static bool
may_become_slow(const struct scan *s)
{
	return s->lane == SCAN_SHARED && !s->bucket->scans[SCAN_SLOW].running;
}

static void
become_slow(struct scan *s)
{
	struct scan_queue *slow = &s->bucket->scans[SCAN_SLOW];

	log_debug("bucket=%s: a LIST stands still, the next one begins",
		  s->bucket->name);
	slow->progress_ms = queue_of(s)->progress_ms;
	make_way(s);
	s->lane = SCAN_SLOW;
	slow->running = s;
}

static void
tell_hold_up(struct scan *s)
{
	s->is_telling = true;
	for (size_t i = 0; i < s->n_users; i++) {
		struct scan_user *u = s->users[i];

		if (u && room_of(s, u) >= SCAN_IS_BEHIND)
			u->events->on_hold_up(u->arg);
	}
	s->is_telling = false;
}

/* Nobody waits for HEADs of others, but in the slow lane. */
static void
look_for_hold_up(struct scan *s)
{
	enum scan_room most, least;

	if (s->is_patient || s->is_over || s->is_void)
		return;
	look_at_room(s, &most, &least);
	if (least == SCAN_IS_FULL && most < SCAN_IS_BEHIND) {
		tell_hold_up(s);
	} else if (is_awaited(s) && most >= SCAN_IS_BEHIND) {
		s->is_patient = may_become_slow(s);
		if (s->is_patient)
			become_slow(s);
		else if (least == SCAN_IS_FULL)
			tell_hold_up(s);
	}
}

/* --- the beginning --- */

/* Somebody is present who wants them. */
static bool
wants_metadata(const struct scan *s)
{
	for (size_t i = 0; i < s->n_users; i++)
		if (s->users[i] && s->users[i]->wants_metadata)
			return true;
	return false;
}

static void
skip_metadata(struct scan *s)
{
	if (s->listing && !wants_metadata(s))
		listing_want_no_metadata(s->listing);
}

static void
note_progress(const struct scan *s)
{
	queue_of(s)->progress_ms = date_mono_ms();
}

static void on_request_end(void *arg);
static void on_listing_end(void *arg, const struct listing_end *end);

static void
begin(struct scan *s)
{
	static const struct listing_events events = {
		on_range, on_page, on_range_end, on_request_end, on_listing_end,
	};
	int64_t now_ms = date_mono_ms();

	log_debug("bucket=%s: LIST for %zu", s->bucket->name, s->n_present);
	clear_listing(s);
	forget_index(s);
	s->is_void = false;
	note_progress(s);
	for (size_t i = 0; i < s->n_users; i++)
		if (s->users[i])
			s->users[i]->events->on_begin(s->users[i]->arg, now_ms);
	s->listing = listing_new(&(struct listing_options){
		.s3 = s->env->s3,
		.shared = s->env->lists,
		.bucket = s->bucket->name,
		.memory = &s->bucket->list_memory,
		.events = &events,
		.arg = s,
		.plan = s->plan,
		.wanted = { .names = original_size_names,
			    .n = wants_metadata(s) ? n_original_size_names
						   : 0 },
		.traffic = &s->traffic,
	});
	ask(s);
}

/* What can be done after something went on. */
static void
go_on_or_restart(struct scan *s)
{
	if (s->is_telling)
		return; /* it follows */
	if (s->is_void && !s->is_over && listing_is_idle(s->listing))
		begin(s);
	look_for_hold_up(s);
	ask(s);
	free_if_over(s);
}

/* `s` waits for the one before it, but not for ever. */
static void
wait_for(struct scan *s, struct scan *before)
{
	int64_t left;

	go_on_or_restart(before);
	left = queue_of(s)->progress_ms + PATIENCE_MS - date_mono_ms();
	if (!queue_of(s)->running)
		return; /* it has made way */
	if (left <= 0 && may_become_slow(before))
		become_slow(before);
	else
		timer_arm(s->env->timers, &s->gather,
			  left > 0 ? left : PATIENCE_MS);
}

/* It has gathered for long enough. */
static void
on_due(void *arg)
{
	struct scan *s = arg;
	struct scan_queue *q = queue_of(s);

	s->is_due = true;
	if (q->running) {
		wait_for(s, q->running);
		return;
	}
	q->next = NULL;
	q->running = s;
	q->has_run = true;
	begin(s);
}

/* --- where to cut --- */

static void
on_index(void *arg)
{
	struct scan *s = arg;
	struct list_memory known = { 0 };
	unsigned at_once;

	index_read_cuts(s->index, &known, &at_once);
	pace_believe(s3_pace(s->env->s3), at_once);
	log_debug("bucket=%s: %zu cuts from the memo", s->bucket->name,
		  known.n_cuts);
	listing_cut_at(s->listing, known.cuts, known.n_cuts);
	list_memory_clear(&known);
	ask(s);
}

static bool
may_read_index(const struct scan *s)
{
	for (size_t i = 0; i < s->n_users; i++)
		if (s->users[i] && s->users[i]->may_read_index)
			return true;
	return false;
}

static void
read_index_if_wanted(struct scan *s)
{
	if (s->is_over || s->is_void || !s->index || s->has_read_index ||
	    !s->is_index_shown || !may_read_index(s) ||
	    !listing_wants_cuts(s->listing, s->n_expected))
		return;
	s->has_read_index = true;
	index_read_join(s->index, &s->reader);
}

/* --- what comes of requests --- */

static void
tell_traffic(const struct scan *s, struct scan_user *u)
{
	u->traffic = traffic_sum(u->before, s->traffic);
}

/* Whoever is told may leave, and have others leave. */
static void
tell_step(struct scan *s)
{
	s->is_telling = true;
	for (size_t i = 0; i < s->n_users; i++) {
		struct scan_user *u = s->users[i];

		if (!u)
			continue;
		tell_traffic(s, u);
		u->events->on_step(u->arg);
	}
	s->is_telling = false;
}

static void
tell_end(struct scan *s, const struct err *err)
{
	s->is_telling = true;
	for (size_t i = 0; i < s->n_users; i++) {
		struct scan_user *u = s->users[i];

		if (!u)
			continue;
		tell_traffic(s, u);
		scan_leave(u);
		u->events->on_end(u->arg, err);
	}
	s->is_telling = false;
}

static void
on_request_end(void *arg)
{
	struct scan *s = arg;

	free_slot(s);
	if (!s->is_over && !s->is_void) {
		note_progress(s);
		tell_step(s);
	}
	read_index_if_wanted(s);
	go_on_or_restart(s);
}

static void
on_listing_end(void *arg, const struct listing_end *e)
{
	struct scan *s = arg;

	if (e->must_restart) {
		s->is_void = true;
		s->plan = e->plan;
	} else {
		end(s);
	}
	free_slot(s);
	if (s->is_over)
		tell_end(s, e->err->code ? e->err : NULL);
	go_on_or_restart(s);
}

/* --- who takes part --- */

static struct scan *
scan_new(struct scan_env *env, struct bucket *bucket, enum scan_lane lane)
{
	struct scan *s = xnew(struct scan);

	s->env = env;
	s->bucket = bucket;
	s->lane = lane;
	s->is_patient = lane == SCAN_SLOW;
	s->client = (struct slots_client){ .send = send_page,
					   .arg = s,
					   .group = bucket };
	timer_init(&s->gather, on_due, s);
	if (env->memos && env->memos->place <= MEMO_IN_BUCKET)
		s->index = index_read_new(env->memos, bucket);
	s->reader = (struct index_reader){ .on_ready = on_index, .arg = s };
	env->n_scans++;
	return s;
}

/* Other files may be opened, too: they were, or nothing is known yet. */
static bool
may_meet_others(const struct scan *s)
{
	unsigned n = 0;

	for (int mode = 0; mode < N_DOCUMENTS; mode++)
		n += s->bucket->flights[mode] != NULL;
	return n > 1 || !queue_of(s)->has_run;
}

/* Where some have come together, more may; but with so many it is enough. */
static int64_t
gather_ms(const struct scan *s)
{
	if (s->lane == SCAN_SLOW || !may_meet_others(s) ||
	    s->n_users >= N_DOCUMENTS)
		return 0;
	return s->env->gather_ms * (int64_t)s->n_users;
}

void
scan_join(struct scan_env *env, struct bucket *bucket, enum scan_lane lane,
	  struct scan_user *user)
{
	struct scan_queue *q = &bucket->scans[lane];
	struct scan *s = q->next;

	if (!s)
		s = q->next = scan_new(env, bucket, lane);
	user->scan = s;
	user->before = user->traffic;
	user->index = s->n_users++;
	s->n_present++;
	s->users = xrealloc(s->users, s->n_users * sizeof(s->users[0]));
	s->users[user->index] = user;
	if (!s->is_due)
		timer_arm(env->timers, &s->gather, gather_ms(s));
}

void
scan_leave(struct scan_user *user)
{
	struct scan *s = steal(&user->scan);

	if (!s)
		return;
	s->users[user->index] = NULL;
	if (--s->n_present == 0) {
		end(s);
		free_if_over(s);
		return;
	}
	skip_metadata(s);
	if (s->listing && !s->is_telling)
		ask(s); /* it may have been the one without room */
}

struct index_read *
scan_index(const struct scan_user *user)
{
	return user->scan->index;
}

void
scan_expect(struct scan_user *user, int64_t n_keys)
{
	struct scan *s = user->scan;

	if (!s)
		return;
	if (s->n_expected < n_keys)
		s->n_expected = n_keys;
	if (s->listing)
		read_index_if_wanted(s);
}

void
scan_go_on(struct scan_user *user)
{
	struct scan *s = user->scan;

	if (!s || !s->listing)
		return;
	note_progress(s);
	go_on_or_restart(s);
}

void
scan_want_no_metadata(struct scan_user *user)
{
	user->wants_metadata = false;
	if (user->scan)
		skip_metadata(user->scan);
}

int64_t
scan_progress_ms(const struct scan_user *user)
{
	return user->scan ? queue_of(user->scan)->progress_ms : 0;
}
