/* SPDX-License-Identifier: MIT */
/*
 * Names of regions, for hosts of AWS's services.  Pure.
 */
#ifndef AUTH_REGION_H
#define AUTH_REGION_H

#include "util/base.h"

/* Nothing that would end a host, or a header. */
bool region_is_name(const char *region);

/* What hosts of that region end in. */
const char *region_domain(const char *region);

#endif
