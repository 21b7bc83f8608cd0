/* SPDX-License-Identifier: MIT */
/*
 * What is known of all buckets, as lines of the log: one for each mode that was asked
 * for.  From what the engine has published, so whatever the network does.  Any thread.
 */
#ifndef REPORT_STATE_LOG_H
#define REPORT_STATE_LOG_H

#include "engine/buckets.h"

/* At the level warn: somebody has asked. */
void state_log(struct buckets *buckets);

#endif
