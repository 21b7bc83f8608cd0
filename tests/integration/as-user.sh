#!/bin/bash
# SPDX-License-Identifier: MIT
#
# as-user.sh PROGRAM FUSERMOUNT HAS_MTAB COMMAND...: see users.bash.  Root runs it where its
# mounts are its own.  Containers often keep /dev/fuse for root, and the directories
# above a test's, or a checkout's, may be closed to others: all that the user needs is
# below /mnt.
set -euo pipefail

here=$(dirname -- "$0")
program=$1 instead=$2 has_mtab=$3 fusermount=$(command -v fusermount3)
readonly here program instead has_mtab fusermount
shift 3

mount -t tmpfs -o mode=755 dgstatfs-test /mnt
trap 'umount -l /mnt/dg 2>/dev/null || true' EXIT # it ends what serves it
install -m 755 "$program" /mnt/dgstatfs
install -m 755 "$here/process.py" /mnt/process.py
install -d -o nobody /mnt/dg
install -d -o nobody /mnt/tmp
install -d /mnt/test
mount --rbind "$BATS_TEST_TMPDIR" /mnt/test
mknod -m 666 /mnt/fuse c 10 229
mount --bind /mnt/fuse /dev/fuse
if [[ -n $instead ]]; then
	cp -p "$fusermount" /mnt/fusermount3
	install -m 755 "$instead" /mnt/instead
	mount --bind /mnt/instead "$fusermount"
fi
if [[ $has_mtab == no ]]; then
	cp -a /etc /mnt/etc
	rm -f /mnt/etc/mtab
	mount --bind /mnt/etc /etc
fi
setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
