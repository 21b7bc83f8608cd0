/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a command of either control file: a command, or one error and
 * nothing changed.
 */
#include "config.h"

#include <errno.h>
#include <stdint.h>

#include "fs/control.h"
#include "stats/mode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool is_right)
{
	if (!is_right)
		abort();
}

static void
parse_refresh(const char *text, size_t size)
{
	static const unsigned all = (1u << N_MODES) - 1;
	struct err err = ERR_INIT;
	unsigned modes = ~all;
	int rc = control_parse_refresh(text, size, &modes, &err);

	check(rc == -err.code && (rc == 0 || rc == -EINVAL));
	check(rc ? modes == ~all : modes > 0 && modes <= all);
}

static void
parse_nocache(const char *text, size_t size)
{
	for (int before = 0; before < 2; before++) {
		struct err err = ERR_INIT;
		bool is_on = before;
		int rc = control_parse_nocache(text, size, &is_on, &err);

		check(rc == -err.code && (rc == 0 || rc == -EINVAL));
		check(rc == 0 || is_on == (bool)before);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!data || size > CONTROL_MAX) /* refused before it is parsed */
		return 0;
	parse_refresh((const char *)data, size);
	parse_nocache((const char *)data, size);
	return 0;
}
