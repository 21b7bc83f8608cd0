/* SPDX-License-Identifier: MIT */
/*
 * Original sizes of versions of objects, as bytes: one file of the memo (memo.h).
 * In memory it is what lies in the bucket, so that nothing is built of it and
 * nothing held twice.  All numbers are big-endian.
 *
 *      0   8   "DGMEMO\r\n"
 *      8   4   version of the format, 1
 *     12   4   number of records
 *     16   8   when it was written, seconds since 1970
 *     24   8   epoch (memo.h)
 *     32  32   the checksum of the base that it belongs to; zero in a base
 *     64  16   each record, in ascending order, none twice:
 *                0  11   bytes 16 to 26 of the object_digest() of a version
 *               11   5   its original size; 2^40-1: it has none
 *          32   checksum: SHA-256 of the bucket's name, a NUL, and all before it
 *
 * A record holds no key, and says nothing but what it is: of this version, that is
 * the original size.  So it can be wrong neither in another file nor at another
 * time, and files of several writers may be mixed at will.  That two versions have
 * the same 88 bits is as likely as a fault of the memory that they are compared in:
 * of a million records and a million versions that are not among them, one in
 * 3 * 10^14 times.
 *
 * Pure; one thread at a time.
 */
#ifndef STATS_MEMO_FILE_H
#define STATS_MEMO_FILE_H

#include "util/buf.h"
#include "util/err.h"
#include "util/hash.h"
#include "util/object.h"

#define MEMO_ID_LEN 11
#define MEMO_SIZE_LEN 5
#define MEMO_HEAD_LEN 64

struct memo_record {
	unsigned char id[MEMO_ID_LEN];
	unsigned char size[MEMO_SIZE_LEN];
};

/* The listing shows which version it is; where it lacks a field, others look the same. */
bool memo_can_know(const struct object *o);

/* The id of the version; `h` is scratch space.  And of its object_digest(). */
void memo_set_id(const struct object *o, struct sha256 *h,
		 unsigned char id[MEMO_ID_LEN]);
void memo_id_of(const unsigned char digest[SHA256_LEN],
		unsigned char id[MEMO_ID_LEN]);

/* The original size, or ORIGINAL_UNKNOWN (of stats.h).  False: it is too large. */
bool memo_record_set_original(struct memo_record *r, int64_t original);

/* That of this version.  False: it can't be remembered. */
bool memo_record_make(struct memo_record *r, const struct object *o,
		      struct sha256 *h, int64_t original);
int64_t memo_record_original(const struct memo_record *r);

#define MEMO_RECORDS_MAX 1048500 /* of a file, which fits into 16 MiB */
#define MEMO_BYTES(n)                                                          \
	(MEMO_HEAD_LEN + (size_t)(n) * sizeof(struct memo_record) + SHA256_LEN)
#define MEMO_BYTES_MAX MEMO_BYTES(MEMO_RECORDS_MAX)

struct memo_file {
	struct buf bytes; /* as above; the checksum only while it is sealed */
	size_t n; /* records */
	bool is_sealed;
};

void memo_file_init(struct memo_file *f);
void memo_file_clear(struct memo_file *f); /* empty, and usable again */

enum memo_verdict {
	MEMO_GOOD,
	MEMO_BAD, /* no such file, of another bucket, or damaged */
	MEMO_FOREIGN, /* of a newer version */
	MEMO_OUTDATED, /* of another base */
};

/*
 * Take what lies in `bucket` into an empty file, and the bytes themselves; `base` is the
 * checksum of the base that it has to belong to, NULL: it is one.  If it is not
 * MEMO_GOOD, the file stays empty and `err` says why.
 */
enum memo_verdict memo_file_parse(struct memo_file *f, struct buf *bytes,
				  const char *bucket, const unsigned char *base,
				  struct err *err);

/* Whether these bytes may be all of a file. */
bool memo_file_is_whole(const char *data, size_t len);

/* NULL while it is empty. */
struct memo_record *memo_file_records(const struct memo_file *f);
/* While it is sealed. */
int64_t memo_file_written_at(const struct memo_file *f);
uint64_t memo_file_epoch(const struct memo_file *f);

/* Append one, in whatever order: memo_file_sort() before anything is looked for. */
int memo_file_add(struct memo_file *f, const struct memo_record *r);
void memo_file_sort(struct memo_file *f); /* and leave none twice */

/* The record with that id, or NULL. */
const struct memo_record *memo_file_find(const struct memo_file *f,
					 const unsigned char id[MEMO_ID_LEN]);

/* Leave only those that `keep` says of; in order. */
void memo_file_filter(struct memo_file *f,
		      bool (*keep)(void *arg, const struct memo_record *r),
		      void *arg);

/* Leave the first ones, of more. */
void memo_file_cut(struct memo_file *f, size_t n);

/* Both sorted: add the records of `from`, which win.  -EFBIG, -ENOMEM: no change. */
int memo_file_merge(struct memo_file *f, const struct memo_file *from);

/* Likewise, and `from` is cleared: where there is nothing to merge, nothing is copied. */
int memo_file_merge_all(struct memo_file *f, struct memo_file *from);

/* What the head says of a file, and of its base: as in memo_file_parse(). */
struct memo_stamp {
	int64_t written_at; /* seconds since 1970 */
	uint64_t epoch;
	const unsigned char *base;
};

/* Sorted: write head and checksum. */
int memo_file_seal(struct memo_file *f, const char *bucket,
		   const struct memo_stamp *stamp);

/* Of a sealed one: SHA256_LEN bytes. */
const unsigned char *memo_file_checksum(const struct memo_file *f);

#endif
