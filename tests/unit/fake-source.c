/* SPDX-License-Identifier: MIT */
/*
 * A source of keys in a test: see fake-source.h.
 */
#include "config.h"

#include "fake-source.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "auth/source.h"
#include "util/lock.h"

/* All of it under lock. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t has_changed;
	char access_key[32]; /* "": none */
	int rc;
	bool is_held, must_look;
	unsigned n_asked, n_freed;
} fake = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.has_changed = PTHREAD_COND_INITIALIZER,
};

void
fake_source_reset(void)
{
	LOCKED(&fake);

	fake.access_key[0] = '\0';
	fake.rc = 0;
	fake.is_held = fake.must_look = false;
	fake.n_asked = fake.n_freed = 0;
}

void
fake_source_say(const char *access_key, int rc)
{
	LOCKED(&fake);

	snprintf(fake.access_key, sizeof(fake.access_key), "%s",
		 access_key ? access_key : "");
	fake.rc = rc;
}

static void
set_held(bool is_held)
{
	LOCKED(&fake);

	fake.is_held = is_held;
	pthread_cond_broadcast(&fake.has_changed);
}

void
fake_source_hold(void)
{
	set_held(true);
}

void
fake_source_release(void)
{
	set_held(false);
}

void
fake_source_wait_asked(unsigned n)
{
	LOCKED(&fake);

	while (fake.n_asked < n)
		pthread_cond_wait(&fake.has_changed, &fake.lock);
}

unsigned
fake_source_n_asked(void)
{
	LOCKED(&fake);

	return fake.n_asked;
}

static void
wait_until_freed(unsigned n)
{
	LOCKED(&fake);

	while (fake.n_freed < n)
		pthread_cond_wait(&fake.has_changed, &fake.lock);
}

static unsigned
n_threads(void)
{
	DIR *tasks = opendir("/proc/self/task");
	unsigned n = 0;

	for (struct dirent *e; tasks && (e = readdir(tasks));)
		n += e->d_name[0] != '.';
	closedir(tasks);
	return n;
}

void
fake_source_wait_freed(unsigned n)
{
	wait_until_freed(n);
	/* else its stack seems to be lost; a sanitizer may have one of its own */
	for (int ms = 0; ms < 1000 && n_threads() > 1; ms++)
		usleep(1000);
}

bool
fake_source_must_look(void)
{
	LOCKED(&fake);

	return fake.must_look;
}

/* --- the source --- */

static void *
prepare(const struct creds_options *o)
{
	(void)o;
	return &fake;
}

static int
ask(void *source, enum must_look must_look, struct keys **found,
    struct err *err)
{
	LOCKED(&fake);

	(void)source;
	fake.n_asked++;
	fake.must_look = must_look;
	pthread_cond_broadcast(&fake.has_changed);
	while (fake.is_held)
		pthread_cond_wait(&fake.has_changed, &fake.lock);
	if (fake.rc)
		return err_set(err, -fake.rc, "the fake says so");
	if (!fake.access_key[0])
		return err_set(err, ENOENT, "the fake");
	return keys_new(found,
			&(struct keys){ .access_key = fake.access_key,
					.secret_key = "S",
					.source = source_files.name },
			err);
}

static void
fake_free(void *source)
{
	LOCKED(&fake);

	(void)source;
	fake.n_freed++;
	pthread_cond_broadcast(&fake.has_changed);
}

const struct source source_files = {
	.name = "shared AWS files",
	.prepare = prepare,
	.ask = ask,
	.free = fake_free,
};
