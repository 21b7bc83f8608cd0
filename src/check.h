/* SPDX-License-Identifier: MIT */
/*
 * dgstat under the name check_dgstat: a plugin for Nagios, Icinga and whatever runs
 * such ones.  Main thread.
 */
#ifndef CHECK_H
#define CHECK_H

#include "util/base.h"

/* Whether the program was called by that name. */
bool check_is_meant(const char *argv0);

/* The plugin's main(), after setup_process(): the exit status. */
int check_main(int argc, char *argv[]);

#endif
