#!/bin/bash
# SPDX-License-Identifier: MIT
#
# as-user.sh PROGRAM FUSERMOUNT COMMAND...: see users.bash.  Root runs it where its
# mounts are its own.  Containers often keep /dev/fuse for root, and the directories
# above a test's may be closed to others: all that the user needs is below /mnt.
set -euo pipefail

program=$1 instead=$2 fusermount=$(command -v fusermount3)
shift 2

undo() {
	local dir

	for dir in /mnt/dg /dev/fuse "$fusermount" /mnt; do
		umount -l "$dir" 2>/dev/null || true
	done
}

mount -t tmpfs -o mode=755 dgstatfs-test /mnt
trap undo EXIT
install -m 755 "$program" /mnt/dgstatfs
install -d -o nobody /mnt/dg
install -d -o nobody /mnt/tmp
mknod -m 666 /mnt/fuse c 10 229
mount --bind /mnt/fuse /dev/fuse
if [[ -n $instead ]]; then
	cp -p "$fusermount" /mnt/fusermount3
	install -m 755 "$instead" /mnt/instead
	mount --bind /mnt/instead "$fusermount"
fi
setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
