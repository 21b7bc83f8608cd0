/* SPDX-License-Identifier: MIT */
/*
 * What has failed of the answers, on standard error: a line for each cause, not for
 * each of the objects that it has kept from being read.  Main thread.
 */
#ifndef CLI_FAILURES_H
#define CLI_FAILURES_H

#include "cli/ask.h"

/*
 * Whether anything has.  The engine has told in the log why statistics have failed; that
 * is said here, too, if the log is not what the user sees.
 */
bool failures_report(const struct answer *answers, size_t n, bool is_log_seen);

#endif
