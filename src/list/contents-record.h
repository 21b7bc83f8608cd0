/* SPDX-License-Identifier: MIT */
/*
 * A plain <Contents> becomes an object of its page, as one would that comes as
 * events of XML.  Any thread, one at a time.
 */
#ifndef LIST_CONTENTS_RECORD_H
#define LIST_CONTENTS_RECORD_H

#include "list/contents.h"

/*
 * False if there is anything to be said against it, or if there is no memory: then
 * nothing has been kept of it, and it is to come as events, one of which can fail.
 */
bool contents_record(const struct contents *c, struct object_list *l,
		     struct user_metadata *m);

#endif
