/* SPDX-License-Identifier: MIT */
/*
 * The list of a "-o": see option-list.h.  Main thread, before the fork.  Knows
 * the words of mount(8), and of our own options the one with commas in its value.
 */
#include "config.h"

#include "conf/option-list.h"

#include <fnmatch.h>

#include "conf/values.h"

/* What mount(8) and fstab bring along; patterns of fnmatch(3). */
static const struct {
	const char *pattern;
	enum { IGNORE, PASS, READ_ONLY, READ_WRITE } what;
} mount_words[] = {
	{ "ro", READ_ONLY },
	{ "rw", READ_WRITE },
	/* libfuse knows these */
	{ "suid", PASS },
	{ "nosuid", PASS },
	{ "dev", PASS },
	{ "nodev", PASS },
	{ "exec", PASS },
	{ "noexec", PASS },
	{ "sync", PASS },
	{ "dirsync", PASS },
	{ "noatime", PASS },
	{ "auto_unmount", PASS },
	{ "fsname=*", PASS },
	{ "subtype=*", PASS },
	/* for mount(8), systemd and people, or without a meaning here */
	{ "defaults", IGNORE },
	{ "default_permissions", IGNORE }, /* always on */
	{ "async", IGNORE },
	{ "atime", IGNORE },
	{ "diratime", IGNORE },
	{ "nodiratime", IGNORE },
	{ "relatime", IGNORE },
	{ "norelatime", IGNORE },
	{ "strictatime", IGNORE },
	{ "nostrictatime", IGNORE },
	{ "lazytime", IGNORE },
	{ "nolazytime", IGNORE },
	{ "iversion", IGNORE },
	{ "noiversion", IGNORE },
	{ "mand", IGNORE },
	{ "nomand", IGNORE },
	{ "nosymfollow", IGNORE }, /* there are none */
	{ "silent", IGNORE },
	{ "loud", IGNORE },
	{ "_netdev", IGNORE },
	{ "auto", IGNORE },
	{ "noauto", IGNORE },
	{ "nofail", IGNORE },
	{ "user", IGNORE },
	{ "user=*", IGNORE },
	{ "users", IGNORE },
	{ "nouser", IGNORE },
	{ "owner", IGNORE },
	{ "group", IGNORE },
	{ "comment=*", IGNORE },
	{ "[xX]-*", IGNORE },
};

void
conf_list_add_mount_option(struct conf *c, const char *word)
{
	size_t len =
		c->mount.mount_options ? strlen(c->mount.mount_options) : 0;
	char *p;

	c->mount.mount_options =
		xrealloc(c->mount.mount_options, len + 2 * strlen(word) + 2);
	p = c->mount.mount_options + len;
	if (len > 0)
		*p++ = ',';
	for (; *word; word++) {
		if (*word == ',' || *word == '\\')
			*p++ = '\\';
		*p++ = *word;
	}
	*p = '\0';
}

static bool
take_mount_word(struct conf *c, const char *word)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(mount_words) &&
	       fnmatch(mount_words[i].pattern, word, 0) != 0)
		i++;
	if (i == ARRAY_SIZE(mount_words))
		return false;
	if (mount_words[i].what == PASS)
		conf_list_add_mount_option(c, word);
	else if (mount_words[i].what != IGNORE)
		c->mount.is_read_only = mount_words[i].what == READ_ONLY;
	return true;
}

static int
set_word(struct conf *c, char *word, struct err *err)
{
	char *value;

	if (*word == '\0') /* "-o a,,b" is harmless */
		return 0;
	if (c->program == CONF_DGSTATFS && take_mount_word(c, word))
		return 0;
	value = strchr(word, '=');
	if (value)
		*value++ = '\0';
	return conf_option_set(c, CONF_FROM_LIST, word, value, err);
}

/* Copy a word up to the next comma; "\," and "\\" are characters of it. */
static const char *
next_word(const char *list, char *word)
{
	for (; *list && *list != ','; list++) {
		if (list[0] == '\\' && (list[1] == ',' || list[1] == '\\'))
			list++;
		*word++ = *list;
	}
	*word = '\0';
	return *list ? list + 1 : NULL;
}

/*
 * The commas of interval_modes=quick,detailed need no backslash: what follows it, up
 * to the first word that is no mode, belongs to it.
 */
static const char *
add_modes(const char *list, char *word)
{
	while (list) {
		size_t len = strcspn(list, ",");

		if (!conf_mode_of(list, len))
			break;
		sprintf(word + strlen(word), ",%.*s", (int)len, list);
		list = list[len] ? list + len + 1 : NULL;
	}
	return list;
}

int
conf_list_set(struct conf *c, const char *list, struct err *err)
{
	CLEANUP_FREE char *word = xmalloc(strlen(list) + 1);
	int rc = 0;

	while (list && rc == 0) {
		list = next_word(list, word);
		if (fnmatch("interval[_-]modes=*", word, 0) == 0)
			list = add_modes(list, word);
		rc = set_word(c, word, err);
	}
	return rc;
}
