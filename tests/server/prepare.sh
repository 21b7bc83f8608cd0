# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by ./quickstart, ./check and the integration tests: what they need of
# the machine.  The require_ functions end the script, with a message that says
# what to do, where the machine has not got what it takes.
#
#   require_packages LOG PACKAGE...   installed with apt where missing; says which,
#                                     and how much that is
#   require_fuse                      /dev/fuse is there and may be opened
#   is_mounted DIR                    something is mounted there, dead or alive
#   count_mounts DIR                  sets MOUNTS: how many lie there, one over the other
#   copy_sources TOP DEST             a clean copy to build in

# shellcheck disable=SC2034 # the lists are for those who source this file
BUILD_PACKAGES=(
	autoconf automake gcc libc6-dev make pkg-config
	fuse3 libcjson-dev libcurl4-openssl-dev libfuse3-dev libmicrohttpd-dev
	libssl-dev libxml2-dev uthash-dev
)
# shellcheck disable=SC2034
SERVER_PACKAGES=(radosgw ceph-mon ceph-osd ceph-common)

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

as_root() {
	if ((EUID == 0)); then
		"$@"
	else
		sudo -- "$@"
	fi
}

# --- packages ----------------------------------------------------------------

missing_packages() {
	local package status

	for package; do
		status=$(dpkg-query -W -f '${db:Status-Status}\n' "$package" \
			2>/dev/null) || true
		[[ $status == installed* ]] || echo "$package"
	done
}

require_apt() {
	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		die "needs Debian 12 (or a relative with apt) for these packages: $*"
	fi
}

require_root_or_sudo() {
	((EUID == 0)) || command -v sudo >/dev/null ||
		die "neither root nor sudo is here to run: apt-get install $*"
}

apt_get() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q --no-install-recommends "$@"
}

# Some packages bring daemons, and what is needed is their program: none is started,
# now or at the next boot.
apt_install() {
	local policy=/usr/sbin/policy-rc.d units status=0

	if [[ -e $policy ]]; then
		policy=
	else
		# shellcheck disable=SC2016 # expanded by that shell
		as_root sh -c 'printf "#!/bin/sh\nexit 101\n" >"$1" && chmod 755 "$1"' _ "$policy"
	fi
	apt_get -y install "$@" </dev/null || status=$?
	[[ -z $policy ]] || as_root rm -f "$policy"
	mapfile -t units < <(dpkg -L "$@" 2>/dev/null |
		sed -n 's|.*/systemd/system/\([^/@]*\.\(service\|timer\)\)$|\1|p' | sort -u)
	if ((${#units[@]} > 0)) && command -v systemctl >/dev/null; then
		as_root systemctl disable -q "${units[@]}" || true
	fi
	return $status
}

# What apt would fetch, in MB.
download_size() {
	apt_get --print-uris install -y "$@" | awk '/^\x27/ { sum += $3 }
		END { printf "%d", sum / 1e6 + 1 }'
}

# Where nothing is missing, apt is not even asked: no root, no network.
require_packages() {
	local log=$1 missing

	shift
	require_apt "$@"
	mapfile -t missing < <(missing_packages "$@")
	((${#missing[@]} > 0)) || return 0
	require_root_or_sudo "${missing[@]}"
	echo "installing with apt: ${missing[*]}"
	{
		apt_get update </dev/null >"$log" 2>&1 &&
			echo "to download: $(download_size "${missing[@]}" 2>>"$log") MB" &&
			apt_install "${missing[@]}" >>"$log" 2>&1
	} || {
		tail -n 15 "$log" >&2
		die "apt-get failed; all it said is in $log"
	}
}

# --- the kernel --------------------------------------------------------------

# Opening is the test that counts: a container may show a device that it may
# not use, and permissions differ between distributions.
require_fuse() {
	[[ -c /dev/fuse ]] ||
		die "there is no /dev/fuse: load it with 'modprobe fuse'; a container" \
			"needs --device /dev/fuse --cap-add SYS_ADMIN"
	(exec 3<>/dev/fuse) 2>/dev/null ||
		die "/dev/fuse cannot be opened by $(id -un): $(ls -l /dev/fuse)"
}

# From the kernel's own table: a mount whose program died answers every stat
# with an error, so mountpoint(1) calls it no mount at all.  Read as a whole: the
# shell would seek back after each line, and miss one when others go; and from no
# process that ends on its own time, whose SIGCHLD would end the caller's next
# open in the mount with EINTR.
count_mounts() {
	local table line target

	MOUNTS=0
	mapfile -t table </proc/self/mountinfo
	for line in "${table[@]}"; do
		target=${line#* * * * } target=${target%% *}
		printf -v target %b "$target"
		[[ $target != "$1" ]] || MOUNTS=$((MOUNTS + 1))
	done
}

is_mounted() {
	count_mounts "$1"
	((MOUNTS > 0))
}

# --- the sources -------------------------------------------------------------

# A build outside the tree is refused while the tree itself is configured, and
# would pick up its objects.  So what is built is a copy, from which the traces
# of a build in the tree are removed.
copy_sources() {
	local top=$1 dest=$2

	mkdir -p "$dest" || return
	tar -C "$top" --exclude=./.git --exclude='./build*' -cf - . |
		tar -C "$dest" -xf - || return
	if [[ -f $dest/Makefile ]]; then
		make -s -C "$dest" distclean >/dev/null
	fi
}
