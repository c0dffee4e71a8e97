# Shared by the scripts beside it. Nothing here installs into, or runs from, the host system: servers live in a chroot of
# their own under .servers/roots, their data under .servers/run, and every process is found again by its pid file.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
servers=${FERRY_SERVERS:-$(cd "$here/../../.." && pwd)/.servers}

say() { printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2; }
die() { say "$*"; exit 1; }
# Exit code 3 is how a caller tells "cannot run here" from "is broken".
unable() { say "$*"; exit 3; }

need_root() {
  [ "$(id -u)" = 0 ] || unable 'needs root (chroot and mount namespaces)'
  command -v unshare >/dev/null || unable 'needs unshare (util-linux)'
  unshare --mount true 2>/dev/null || unable 'may not create mount namespaces here'
}

# host_package COMMAND PACKAGE: install PACKAGE unless COMMAND is there. One at a time, for apt holds a single lock.
host_package() {
  command -v "$1" >/dev/null && return
  command -v apt-get >/dev/null || unable "needs $1, and there is no apt-get to install $2 with"
  mkdir -p "$servers"
  (
    flock 9
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y --no-install-recommends "$2" >"$servers/apt.log" 2>&1 ||
      { apt-get update >>"$servers/apt.log" 2>&1 && apt-get install -y --no-install-recommends "$2" >>"$servers/apt.log" 2>&1; }
  ) 9>"$servers/apt.lock" || unable "apt-get could not install $2, see $servers/apt.log"
}

# build_root NAME SUITE PACKAGES: a Debian root with these packages, built once. Prints its path.
build_root() {
  local root=$servers/roots/$1 log=$servers/$1.mmdebstrap.log
  mkdir -p "$servers/roots"
  (
    flock 9
    [ -e "$root/.complete" ] && exit
    say "building the $2 root with $3 (once, about a minute)"
    rm -rf --one-file-system "$root"
    mmdebstrap --variant=essential --include="$3" --aptopt='APT::Install-Recommends "false"' \
      --aptopt='Acquire::Retries "3"' --aptopt='Acquire::Check-Valid-Until "false"' "$2" "$root" >"$log" 2>&1 </dev/null ||
      { tail -5 "$log" >&2; exit 1; }
    mkdir -p "$root/state"
    touch "$root/.complete"
  ) 9>"$servers/roots/$1.lock" || unable "no $2 packages, see $log"
  echo "$root"
}

# enter ROOT STATE COMMAND...: run in the chroot with STATE as /state. The mounts are private to this command, so nothing
# outside ever sees them and removing the root later cannot reach through them.
enter() {
  local root=$1 state=$2
  shift 2
  # shellcheck disable=SC2016
  exec unshare --mount --propagation private bash -c '
    root=$0 state=$1
    shift
    mount --rbind /dev "$root/dev" && mount --bind /proc "$root/proc" && mount --bind "$state" "$root/state" &&
      exec chroot "$root" "$@"' "$root" "$state" "$@"
}

# spawn DIR NAME COMMAND...: start in the background as a process group of its own, logging to DIR/log/NAME.out.
spawn() {
  local dir=$1 name=$2
  shift 2
  mkdir -p "$dir/log"
  set -m
  FERRY_SERVER=$dir "$@" </dev/null >"$dir/log/$name.out" 2>&1 &
  echo $! >"$dir/$name.pid"
  disown
  set +m
}

# group DIR NAME: the process group of a running NAME. A pid that now belongs to another process is not ours to signal.
group() {
  local pid
  pid=$(cat "$1/$2.pid" 2>/dev/null) && tr '\0' '\n' 2>/dev/null <"/proc/$pid/environ" | grep -qxF "FERRY_SERVER=$1" && echo "$pid"
}

# signal DIR NAME SIGNAL
signal() {
  local pgid
  pgid=$(group "$1" "$2") || die "$2 of $1 is not running"
  kill -s "$3" -- "-$pgid"
}

# stop DIR NAME...: kill them and wait until they are gone; what does not run is no error.
stop() {
  local dir=$1 name pgid groups=()
  shift
  for name in "$@"; do
    pgid=$(group "$dir" "$name") && groups+=("$pgid") && kill -s KILL -- "-$pgid"
  done
  for pgid in "${groups[@]}"; do until_true 20 gone "$pgid" || die "process group $pgid does not die"; done
}
gone() { ! kill -0 -- "-$1" 2>/dev/null; }

# remove DIR: everything that was started for it, then its data.
remove() {
  local pids=()
  shopt -s nullglob
  pids=("$1"/*.pid)
  pids=("${pids[@]##*/}")
  stop "$1" "${pids[@]%.pid}"
  rm -rf --one-file-system "$1"
}

# until_true SECONDS COMMAND...
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.1
  done
}

# answers PORT PATH: whether an HTTP server there says 200.
answers() {
  local status
  exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
  printf 'GET %s HTTP/1.0\r\nHost: 127.0.0.1:%s\r\n\r\n' "$2" "$1" >&3
  read -t 2 -r _ status _ <&3 || true
  exec 3>&-
  [ "${status:-}" = 200 ]
}

# listens PORT
listens() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# describe PORT VERSION: what the caller needs to use the server, as JSON. Every server has the same two accounts.
owner_id=ferryowner owner_secret=ferryownersecret
stranger_id=ferrystranger stranger_secret=ferrystrangersecret
describe() {
  printf '{"endpoint":"http://127.0.0.1:%s","region":"us-east-1","version":"%s",' "$1" "$2"
  printf '"accessKeyId":"%s","secretAccessKey":"%s",' "$owner_id" "$owner_secret"
  printf '"stranger":{"accessKeyId":"%s","secretAccessKey":"%s"}}\n' "$stranger_id" "$stranger_secret"
}
