/* SPDX-License-Identifier: MIT */
/*
 * One LIST of a bucket: see scan.h.  Net thread only.
 */
#include "config.h"

#include "engine/scan.h"

#include <utlist.h>

#include "stats/stats.h"

/* A range of the listing: what it is to each user. */
struct scan_range {
	struct scan *scan;
	struct scan_range *prev, *next;
	void *of[]; /* by the user's index */
};

struct scan {
	struct scan_env *env;
	struct bucket *bucket;
	struct scan_user **users; /* NULL: it has left */
	size_t n_users, n_left;
	struct listing *listing;
	struct scan_range *ranges; /* not ended yet */
	enum list_plan plan; /* what the last listing was ended for */
	struct slots_client client;
	struct traffic traffic; /* of all its listings */
	bool is_void; /* it begins again when nothing is under way */
	bool is_over; /* complete, failed, or nobody is left */
	bool is_telling; /* its users: it must not go meanwhile */
};

/* --- pages are asked for --- */

static bool
has_room(const struct scan *s)
{
	unsigned in_flight = listing_in_flight(s->listing);

	for (size_t i = 0; i < s->n_users; i++) {
		const struct scan_user *u = s->users[i];

		if (u && !u->events->has_room(u->arg, in_flight))
			return false;
	}
	return true;
}

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
go_on(struct scan *s)
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

	r->scan = s;
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
	const struct scan *s = arg;
	const struct scan_range *r = range;

	for (size_t i = 0; i < s->n_users; i++) {
		const struct scan_user *u = s->users[i];

		if (u)
			u->events->on_page(u->arg, r->of[i], page);
	}
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

/* --- beginning and end --- */

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
	if (!s->is_over || s->is_telling || !listing_is_idle(s->listing))
		return;
	clear_listing(s);
	s->env->n_scans--;
	free(s->users);
	free(s);
}

/* Somebody is left who wants them. */
static bool
wants_metadata(const struct scan *s)
{
	for (size_t i = 0; i < s->n_users; i++)
		if (s->users[i] && s->users[i]->wants_metadata)
			return true;
	return false;
}

static void on_request_end(void *arg);
static void on_listing_end(void *arg, const struct listing_end *end);

static void
begin(struct scan *s)
{
	static const struct listing_events events = {
		on_range, on_page, on_range_end, on_request_end, on_listing_end,
	};

	clear_listing(s);
	s->is_void = false;
	for (size_t i = 0; i < s->n_users; i++)
		if (s->users[i])
			s->users[i]->events->on_begin(s->users[i]->arg);
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
	go_on(s);
}

/* What can be done now that a request has ended. */
static void
settle(struct scan *s)
{
	if (s->is_void && !s->is_over && listing_is_idle(s->listing))
		begin(s);
	else
		go_on(s);
	free_if_over(s);
}

static void
tell_traffic(const struct scan *s, struct scan_user *u)
{
	u->traffic = traffic_sum(u->before, s->traffic);
}

/* Whoever is told may leave, and stop others. */
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
	if (!s->is_over && !s->is_void)
		tell_step(s);
	settle(s);
}

static void
on_listing_end(void *arg, const struct listing_end *end)
{
	struct scan *s = arg;

	if (end->must_restart) {
		s->is_void = true;
		s->plan = end->plan;
	} else {
		s->is_over = true;
	}
	free_slot(s);
	if (s->is_over)
		tell_end(s, end->err->code ? end->err : NULL);
	settle(s);
}

static void
stop(struct scan *s)
{
	s->is_over = true;
	slots_leave(s->env->slots, &s->client);
	listing_stop(s->listing);
	free_if_over(s);
}

/* --- who takes part --- */

static struct scan *
scan_new(struct scan_env *env, struct bucket *bucket)
{
	struct scan *s = xnew(struct scan);

	s->env = env;
	s->bucket = bucket;
	s->client = (struct slots_client){ .send = send_page,
					   .arg = s,
					   .group = bucket };
	env->n_scans++;
	return s;
}

void
scan_join(struct scan_env *env, struct bucket *bucket, struct scan_user *user)
{
	struct scan *s = scan_new(env, bucket);

	user->scan = s;
	user->before = user->traffic;
	user->index = s->n_users++;
	s->n_left++;
	s->users = xrealloc(s->users, s->n_users * sizeof(s->users[0]));
	s->users[user->index] = user;
	begin(s);
}

void
scan_leave(struct scan_user *user)
{
	struct scan *s = steal(&user->scan);

	if (!s)
		return;
	s->users[user->index] = NULL;
	if (--s->n_left == 0)
		stop(s);
	else if (!wants_metadata(s))
		listing_want_no_metadata(s->listing);
}

void
scan_go_on(struct scan_user *user)
{
	if (user->scan)
		go_on(user->scan);
}

void
scan_want_no_metadata(struct scan_user *user)
{
	struct scan *s = user->scan;

	user->wants_metadata = false;
	if (s && !wants_metadata(s))
		listing_want_no_metadata(s->listing);
}
