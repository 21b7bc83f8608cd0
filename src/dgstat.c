/* SPDX-License-Identifier: MIT */
/*
 * dgstat: the statistics of buckets on the terminal, without a mount.
 *
 * The same engine, documents and cache as a mount's.  Ask, wait, print; what the
 * engine could not do stands in the log, which is standard error here.  Or, with
 * --listen, serve what the engine finds out by itself until somebody ends that.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "check.h"
#include "cli/ask.h"
#include "cli/cached.h"
#include "cli/cost.h"
#include "cli/ends.h"
#include "cli/failures.h"
#include "cli/flaws.h"
#include "cli/listen.h"
#include "cli/progress.h"
#include "cli/scrape.h"
#include "cli/show.h"
#include "cli/web.h"
#include "conf/load.h"
#include "setup.h"
#include "util/date.h"

enum { EXIT_USAGE = 2, EXIT_SIGNAL = 128 };

static enum mode
mode_of(const struct conf_cli *cli)
{
	if (cli->shows_cache)
		return MODE_QUICK;
	if (cli->prefixes || cli->ncdu)
		return MODE_PREFIXES;
	if (cli->detailed)
		return MODE_DETAILED;
	return cli->sampled ? MODE_SAMPLED : MODE_QUICK;
}

static enum ask_kind
kind_of(const struct conf_cli *cli)
{
	if (cli->shows_cache)
		return ASK_CACHE;
	return cli->clears_cache ? ASK_REMOVAL : ASK_STATS;
}

/* Which objects of ours --cache and --cache-clear are about. */
static int
read_rows(const struct conf_cli *cli, unsigned *rows, struct err *err)
{
	*rows = cli->cleared ? 0 : (1u << SHELF_ROWS) - 1;
	for (const char *s = cli->cleared; s;) {
		size_t len = strcspn(s, ",");
		unsigned found = shelf_find(s, len);

		if (found == 0)
			return err_set(err, EINVAL,
				       "--cache-clear: nothing of ours is "
				       "called \"%.*s\"",
				       (int)len, s);
		*rows |= found;
		s = s[len] ? s + len + 1 : NULL;
	}
	return 0;
}

/* --- what is printed --- */

static double
sort_key(const struct show *s, enum conf_sort sort)
{
	const struct figures *r = s->figures;

	switch (sort) {
	case SORT_OBJECTS:
		return (double)r->object_count;
	case SORT_ORIGINAL:
		return (double)r->total_size;
	case SORT_STORED:
		return (double)r->compressed_size;
	case SORT_SAVED:
		return (double)r->space_saved;
	case SORT_RATIO:
		return r->average_compression_ratio;
	default:
		return 0;
	}
}

/* Names ascend, figures descend; those without any come last. */
static int
compare(const void *a, const void *b, void *arg)
{
	const struct show *x = a, *y = b;
	enum conf_sort sort = *(const enum conf_sort *)arg;
	double of_x, of_y;

	if (!x->figures || !y->figures) {
		if (x->figures || y->figures)
			return x->figures ? -1 : 1;
		return strcmp(x->bucket, y->bucket);
	}
	of_x = sort_key(x, sort);
	of_y = sort_key(y, sort);
	if (of_x != of_y)
		return of_x > of_y ? -1 : 1;
	return strcmp(x->bucket, y->bucket);
}

static struct show *
new_rows(const struct answer *answers, size_t n, enum conf_sort sort)
{
	struct show *rows = xcalloc(n + 1, sizeof(*rows));

	for (size_t i = 0; i < n; i++) {
		rows[i].bucket = answers[i].name;
		if (answers[i].result)
			rows[i].figures = &answers[i].result->figures;
	}
	if (sort != SORT_AS_GIVEN)
		qsort_r(rows, n, sizeof(*rows), compare, &sort);
	return rows;
}

/* One that was named is an object; of all, or several, it is an array. */
static void
print_json(const struct conf *c, const struct show *rows, size_t n)
{
	bool is_array = n != 1 || c->store.n_buckets != 1;
	bool is_first = true;

	fputs(is_array ? "[" : "", stdout);
	for (size_t i = 0; i < n; i++) {
		if (!rows[i].figures)
			continue;
		fputs(is_first ? "" : ", ", stdout);
		show_json(stdout, &rows[i], false);
		is_first = false;
	}
	if (is_array || !is_first)
		puts(is_array ? "]" : "");
}

static void
print_json_lines(const struct show *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!rows[i].figures)
			continue;
		show_json(stdout, &rows[i], true);
		putchar('\n');
	}
}

static void
print_documents(const struct answer *answers, size_t n, bool is_for_ncdu)
{
	for (size_t i = 0; i < n; i++) {
		const struct result *r = answers[i].result;
		const struct text *text;

		if (!r)
			continue;
		text = is_for_ncdu ? r->ncdu : r->text;
		fwrite(text->data, 1, text->len, stdout);
	}
}

static void
print_flaws_as_json(const struct conf *c, const struct answer *answers,
		    size_t n)
{
	bool is_array = n != 1 || c->store.n_buckets != 1;
	bool is_first = true;

	fputs(is_array ? "[" : "", stdout);
	for (size_t i = 0; i < n; i++) {
		const struct answer *a = &answers[i];

		if (!a->result)
			continue;
		fputs(is_first ? "" : ", ", stdout);
		if (flaws_show_json(stdout, a->name, a->result,
				    mode_of(&c->cli)) != 0)
			log_to_terminal("bucket %s: too much is wrong for JSON",
					a->name);
		is_first = false;
	}
	if (is_array || !is_first)
		puts(is_array ? "]" : "");
}

static void
print_flaws(const struct conf *c, const struct answer *answers, size_t n)
{
	if (c->wants_json) {
		print_flaws_as_json(c, answers, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (answers[i].result)
			flaws_show(stdout, answers[i].name,
				   answers[i].result->integrity);
}

/* As https://no-color.org has it: a variable that is empty says nothing. */
static bool
has_bold(void)
{
	const char *no_color = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

static void
print(const struct conf *c, const struct answer *answers, size_t n)
{
	CLEANUP_FREE struct show *rows = new_rows(answers, n, c->cli.sort);
	struct show_style style = {
		.is_exact = c->cli.bytes,
		.has_bold = has_bold(),
	};

	if (c->cli.integrity)
		print_flaws(c, answers, n);
	else if (c->cli.clears_cache && c->wants_json)
		cached_show_removed_json(stdout, answers, n);
	else if (c->cli.clears_cache)
		cached_show_removed(stdout, answers, n);
	else if (c->cli.shows_cache && c->wants_json)
		cached_show_json(stdout, answers, n, c->limits.ttl_ms);
	else if (c->cli.shows_cache)
		cached_show(stdout, answers, n, c->limits.ttl_ms, &style);
	else if (c->cli.document || mode_of(&c->cli) == MODE_PREFIXES)
		print_documents(answers, n, c->cli.ncdu);
	else if (c->cli.json_lines)
		print_json_lines(rows, n);
	else if (c->wants_json)
		print_json(c, rows, n);
	else if (n != 1)
		show_table(stdout, rows, n, &style);
	else if (rows[0].figures)
		show_one(stdout, &rows[0], mode_of(&c->cli), &style);
}

/* --- the work --- */

/* The exit status: 0, 1 if something failed, or that of a signal. */
static int
finish(const struct conf *c, struct ask *a)
{
	size_t n;
	const struct answer *answers = ask_answers(a, &n);
	bool has_failed;
	int status, signal;

	ends_allow();
	has_failed = failures_report(answers, n, !c->log_file);
	print(c, answers, n);
	status = setup_end_output(has_failed ? 1 : 0);
	ends_hold();
	signal = ask_wait_for_stores(a);
	ends_allow();
	for (size_t i = 0; i < n && c->cli.verbose; i++)
		if (answers[i].result)
			cost_print(stderr, answers[i].name, answers[i].result,
				   &c->store.prices);
	return signal ? EXIT_SIGNAL + signal : status;
}

static struct ask *
new_ask(const struct conf *c, const struct setup *s, struct progress_line *line)
{
	bool has_line = isatty(STDERR_FILENO) && !c->cli.quiet;
	unsigned rows;

	read_rows(&c->cli, &rows,
		  NULL); /* main() has seen that they are right */
	return ask_new(&(struct ask_options){
		.kind = kind_of(&c->cli),
		.rows = rows,
		.engine = s->engine,
		.buckets = s->buckets,
		.names = c->store.buckets,
		.n_names = c->store.n_buckets,
		.mode = line->mode,
		.is_refresh = c->cli.refresh,
		/* what is there is compared with the listing, and stays */
		.is_nocache = c->cli.no_cache || c->cli.shows_cache,
		.on_wait = has_line ? progress_show : NULL,
		.arg = line,
	});
}

static int
ask(const struct conf *c, struct setup *s)
{
	struct progress_line line = { .f = stderr,
				      .mode = mode_of(&c->cli),
				      .began_at_ms = date_mono_ms() };
	struct ask *a = NULL;
	struct err err = ERR_INIT;
	int rc = setup_start(s, &err), status = 1;

	if (rc) {
		log_to_terminal("%s", err.msg);
		setup_stop(s);
		return status;
	}
	a = new_ask(c, s, &line);
	rc = ask_run(a, &err);
	progress_end(&line);
	if (rc == 0)
		status = finish(c, a);
	else if (rc > 0) {
		status = EXIT_SIGNAL + rc;
		ends_allow(); /* a second one ends it, whatever hangs */
	} else if (c->log_file)
		log_to_terminal("%s", err.msg);
	setup_stop(s);
	ask_free(a);
	return status;
}

/* --- a service --- */

/* Until a signal, which is no failure. */
static int
serve(const struct conf *c, struct setup *s, int listen_fd)
{
	struct err err = ERR_INIT;
	int end_fd = ends_open(true);
	int rc = setup_start(s, &err);

	if (rc == 0)
		rc = scrape_serve(
			&(struct scrape_options){
				.buckets = s->buckets,
				.meter = s->meter,
				.modes = setup_modes(c->interval_modes),
				.listen_fd = listen_fd,
				.end_fd = end_fd,
			},
			&err);
	else
		close(listen_fd);
	if (rc)
		log_to_terminal("%s", err.msg);
	setup_stop(s);
	close(end_fd);
	return rc ? 1 : 0;
}

/* What was asked for is said where it can be had, which may be any port. */
static int
listen_and_serve(const struct conf *c, struct setup *s)
{
	const struct conf_address *a = &c->cli.listen;
	CLEANUP_FREE char *url = NULL;
	struct err err = ERR_INIT;
	int fd, status;

	if (listen_open(a->host, a->port, &fd, &url, &err) != 0) {
		log_to_terminal("%s", err.msg);
		return 1;
	}
	puts(url);
	status = setup_end_output(0);
	if (status == 0)
		return serve(c, s, fd);
	close(fd);
	return status;
}

static int
run(const struct conf *c)
{
	struct setup setup CLEANUP(setup_clear) = { .conf = NULL };
	struct err err = ERR_INIT;
	int rc = setup_prepare(&setup, c, &err), status = 1;

	if (rc == 0 && c->show_explanation)
		return setup_end_output(setup_explain(&setup, stdout));
	if (rc == 0)
		rc = log_open(c->cli.listen.host ? LOG_TO_STDERR
						 : LOG_TO_TERMINAL,
			      c->log_file, c->log_level, &err);
	if (rc == 0)
		rc = log_start(&err);
	if (rc == 0)
		status = c->cli.listen.host ? listen_and_serve(c, &setup)
					    : ask(c, &setup);
	else
		log_to_terminal("%s", err.msg);
	log_stop();
	return status;
}

int
main(int argc, char *argv[])
{
	struct conf c CLEANUP(conf_clear) = { .log_file = NULL };
	struct err err = ERR_INIT;
	unsigned rows;

	setup_process(); /* at once: the environment may hold keys */
	if (argc > 0 && check_is_meant(argv[0]))
		return check_main(argc, argv);
	program_invocation_short_name = (char *)"dgstat"; /* see log.h */
	if (conf_load(&c, CONF_DGSTAT, argc, argv, environ, &err) != 0 ||
	    read_rows(&c.cli, &rows, &err) != 0) {
		log_to_terminal("%s", err.msg);
		return EXIT_USAGE;
	}
	if (c.cli.listen.host && !web_is_built) {
		log_to_terminal("--listen: this dgstat is built without "
				"libmicrohttpd");
		return EXIT_USAGE;
	}
	if (c.show_help) {
		conf_print_help(stdout, CONF_DGSTAT);
		return setup_end_output(0);
	}
	if (c.show_version) {
		printf("%s %s\n", program_invocation_short_name,
		       PACKAGE_VERSION);
		return setup_end_output(0);
	}
	return run(&c);
}
