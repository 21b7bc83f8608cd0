/* SPDX-License-Identifier: MIT */
/*
 * A bucket made from a fuzzer's bytes, and the figures that follow from it by
 * the rules of dgstatfs(5), worked out the plain way: all objects in an array,
 * one loop in another.  It shares no code with the program.
 */
#ifndef CONVERSATION_MODEL_H
#define CONVERSATION_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The fuzzer's bytes; 0 for ever when there are none left. */
struct bytes {
	const uint8_t *data;
	size_t len;
};

unsigned take(struct bytes *b, unsigned below); /* 0 … below - 1 */

#define KEY_MAX 48
#define THINGS_MAX 48
#define META_MAX 2

/* What a HEAD will say of an object that was listed. */
enum fate { FATE_SAME, FATE_GONE, FATE_REPLACED };

struct meta {
	const char *name; /* NULL: none */
	const char *value;
};

/* An object. */
struct thing {
	char key[KEY_MAX]; /* no NUL in it */
	int64_t size;
	const char *etag; /* NULL: not listed */
	unsigned moment; /* index of moment_iso, moment_http */
	struct meta meta[META_MAX]; /* as a HEAD says it */
	enum fate fate;
};

extern const char *const moment_iso[], *const moment_http[];

struct model {
	struct thing things[THINGS_MAX]; /* by key */
	unsigned n;
};

/*
 * Some more objects, and other ones in the place of some.  `is_still`: all will
 * be as they were listed.  `has_etags`: so that each has an ETag.
 */
void model_change(struct model *m, struct bytes *b, bool is_still,
		  bool has_etags);

/* All but that one. */
void model_without(const struct model *m, unsigned place, struct model *out);

/* A place of an object that is no delta; at or behind `from`, THINGS_MAX: none. */
unsigned model_find_no_delta(const struct model *m, unsigned from);

const struct thing *model_find(const struct model *m, const char *key);

enum model_mode { MODEL_QUICK, MODEL_SAMPLED, MODEL_DETAILED };

struct model_figures {
	int64_t all_objects, all_bytes; /* validation */
	char fingerprint[33];
	int64_t object_count, total, stored, saved, deltas, directs;
	int64_t exact, sampled, estimated;
	double ratio;
	bool saw_change; /* by a HEAD that this mode asks for */
};

void model_figures(const struct model *m, enum model_mode mode,
		   struct model_figures *out);

#endif
