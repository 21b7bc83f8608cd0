/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes: figures for who knows their names.  FUSE thread; answered
 * from memory, whatever the network does.
 *
 * They are never listed: who copies all that is listed (rsync -X, cp
 * --preserve=xattr) fails where the target takes no attributes, and a copy would say
 * of itself what was true of the bucket.
 */
#include "config.h"

#include "fs/session.h"

#include <errno.h>

#include "util/date.h"

#define PREFIX "user.deltaglider."

static void
print_objects(struct buf *out, const struct result *r)
{
	buf_printf(out, "%lld", (long long)r->figures.object_count);
}

static void
print_stored(struct buf *out, const struct result *r)
{
	buf_printf(out, "%lld", (long long)r->figures.compressed_size);
}

static void
print_original(struct buf *out, const struct result *r)
{
	buf_printf(out, "%lld", (long long)r->figures.total_size);
}

static void
print_computed_at(struct buf *out, const struct result *r)
{
	char date[DATE_ISO_LEN];

	date_print_iso(r->computed_at, date);
	buf_add_str(out, date);
}

static void
print_how(struct buf *out, const struct result *r)
{
	buf_add_str(out, result_how_names[r->how]);
}

static const struct {
	const char *name;
	void (*print)(struct buf *out, const struct result *r);
} attributes[] = {
	{ PREFIX "objects", print_objects },
	{ PREFIX "stored", print_stored },
	{ PREFIX "original", print_original },
	{ PREFIX "computed_at", print_computed_at },
	{ PREFIX "how", print_how },
};

/* What they tell of at a place; NULL: nothing.  A reference. */
static struct result *
find_result(const struct place *place)
{
	if (!place->bucket)
		return NULL;
	if (!place->file)
		return published_newest(&place->bucket->published);
	return place->file->is_stats
		       ? published_result(&place->bucket->published,
					  place->file->stats_mode)
		       : NULL;
}

/* The text of one; empty if it is not there. */
static void
print_attribute(struct buf *out, const struct place *place, const char *name)
{
	struct result *r CLEANUP(result_release) = find_result(place);

	for (size_t i = 0; r && i < ARRAY_SIZE(attributes); i++)
		if (strcmp(attributes[i].name, name) == 0)
			attributes[i].print(out, r);
}

void
op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
	struct fs *fs = fuse_req_userdata(req);
	struct buf text CLEANUP_BUF = BUF_INIT(64);
	struct place place;

	if (tree_find(fs->o.buckets, ino, &place))
		print_attribute(&text, &place, name);
	if (text.len == 0)
		fuse_reply_err(req, ENODATA);
	else if (size == 0)
		fuse_reply_xattr(req, text.len);
	else if (size < text.len)
		fuse_reply_err(req, ERANGE);
	else
		fuse_reply_buf(req, text.data, text.len);
}

void
op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	(void)ino;
	if (size == 0)
		fuse_reply_xattr(req, 0);
	else
		fuse_reply_buf(req, NULL, 0);
}
