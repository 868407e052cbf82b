#!/usr/bin/env bash
# Runs the README's test command on every supported Python, each in a fresh clone; as root on Debian or Ubuntu.
#   .ci/every_python.sh                                  all that are named below and can be had
#   .ci/every_python.sh /usr/bin/python3 debian:sid      these
#   ARGS="-k signal" .ci/every_python.sh debian:sid      what make test takes
# An interpreter is named by its path; debian:SUITE is Debian's own python3 with that suite's git, in a folder made by debootstrap
# below $CHROOTS (default: /var/tmp/orchestrator-chroots), which stays there for the next time.
set -uo pipefail
source=$(git -C "$(dirname "${BASH_SOURCE[0]}")" rev-parse --show-toplevel) || exit 2
chroots=${CHROOTS:-/var/tmp/orchestrator-chroots}
packages=python3,python3-venv,git,make,ca-certificates,strace,bubblewrap,procps
wanted=("$@")
[ $# -gt 0 ] || wanted=(/usr/bin/python3 python3.11 python3.12 python3.13 debian:trixie debian:sid)

on_this_system() {  # PYTHON
  local folder
  folder=$(mktemp -d) && chmod 755 "$folder" || return  # tests start it as another user, too
  git clone --quiet "$source" "$folder/clone" && make -C "$folder/clone" test PYTHON="$1" ARGS="${ARGS:-}"
  local code=$?
  rm -rf "$folder"
  return $code
}

in_debian() {  # SUITE
  local root=$chroots/$1
  if [ ! -e "$root/.complete" ]; then
    mkdir -p "$chroots" && debootstrap --variant=minbase --include="$packages" "$1" "$root" >"$root.log" 2>&1 || { tail -n 3 "$root.log"; return 2; }
    touch "$root/.complete"
  fi
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
  cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  # A path of its own: the suites of two systems at a time see each other's processes, and tell their own by it.
  rm -rf "$root/srv/$1" && git clone --quiet "$source" "$root/srv/$1" || return
  # The mounts are this process's own and go with it. Not chroot: inside one, user namespaces are refused.
  unshare --mount --propagation private -- sh -c '
    mount --bind "$0" "$0" && cd "$0" && mount --rbind /dev dev && mount --rbind /sys sys && mount -t proc proc proc &&
    mount -t tmpfs tmpfs tmp && mkdir -p mnt/before && pivot_root . mnt/before && cd / && umount -l /mnt/before &&
    exec env -i HOME=/root TERM=xterm LANG=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin \
      ${PIP_INDEX_URL:+PIP_INDEX_URL="$PIP_INDEX_URL"} CI="${CI:-}" make -C "/srv/$1" test ARGS="$2"
  ' "$root" "$1" "${ARGS:-}"
}

failed=()
for each in "${wanted[@]}"; do
  echo "== $each"
  case $each in
    debian:*) in_debian "${each#debian:}" ;;
    *) command -v "$each" >/dev/null && "$each" -c '' 2>/dev/null || { echo "not on this system"; [ $# = 0 ] || failed+=("$each"); continue; }
       on_this_system "$(command -v "$each")" ;;
  esac || failed+=("$each")
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "failed on: ${failed[*]}"
  exit 1
fi
echo "passed on every Python that was tried"
