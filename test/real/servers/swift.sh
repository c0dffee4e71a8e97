#!/bin/bash
# OpenStack Swift (one replica, one disk) with its S3 API and tempauth, on loopback.
#
#   swift.sh up DIR PORT               Debian 12's 2.30. Takes the ports PORT to PORT+4. Prints endpoint and keys as JSON.
#   swift.sh gateway kill|start DIR    SIGKILL and restart the proxy, which is the S3 gateway
#   swift.sh storage freeze|thaw DIR   SIGSTOP and SIGCONT for the object server: requests hang, then go on
#   swift.sh down DIR                  kill it and delete its data
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

backends=(account container object)

write_common() {
  cat >"$dir/etc/swift.conf" <<CONF
[swift-hash]
swift_hash_path_prefix = ferry
swift_hash_path_suffix = ferry
[storage-policy:0]
name = only
default = yes
CONF
}

write_backend() { # NAME PORT
  cat >"$dir/etc/$1-server.conf" <<CONF
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $2
workers = 2
user = root
devices = /state/disks
mount_check = false
log_level = WARNING
[pipeline:main]
pipeline = $1-server
[app:$1-server]
use = egg:swift#$1
conn_timeout = 20
node_timeout = 120
CONF
}

write_proxy() { # PORT MEMCACHED_PORT
  local filters='catch_errors gatekeeper healthcheck cache listing_formats bulk s3api tempauth copy slo dlo versioned_writes symlink'
  declare -A lines=(
    [cache]="memcache_servers = 127.0.0.1:$2"
    # Swift's own default is 1,000; S3 promises 10,000.
    [s3api]='max_upload_part_num = 10000'
    [slo]=$'max_manifest_segments = 10000\nmax_manifest_size = 8388608'
    [versioned_writes]='allow_object_versioning = true'
    # Both in one account, for another account would have buckets of its own instead of no rights to these.
    [tempauth]="user_ferry_owner = $owner_secret .admin"$'\n'"user_ferry_stranger = $stranger_secret"
  )
  {
    printf '[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = %s\nworkers = 2\nuser = root\nlog_level = WARNING\n' "$1"
    printf '[pipeline:main]\npipeline = %s proxy-server\n' "$filters"
    printf '[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n'
    # On a busy machine half a second is not enough to connect, and a backend that was late ten times would be left out of
    # use for a minute, which with a single replica means 503 for everything.
    printf 'conn_timeout = 20\nnode_timeout = 120\nrecoverable_node_timeout = 120\nerror_suppression_limit = 100000\n'
    local filter egg
    for filter in $filters; do
      egg=${filter/#cache/memcache}
      printf '[filter:%s]\nuse = egg:swift#%s\n%s\n' "$filter" "$egg" "${lines[$filter]:-}"
    done
  } >"$dir/etc/proxy-server.conf"
}

write_ring() { # NAME PORT
  local step
  for step in 'create 6 1 1' "add r1z1-127.0.0.1:$2/disk 1" rebalance; do
    # shellcheck disable=SC2086
    (enter "$root" "$dir" swift-ring-builder "/state/etc/$1.builder" $step >>"$dir/log/ring.log" 2>&1)
  done
}

start_proxy() {
  spawn "$dir" proxy enter "$root" "$dir" swift-proxy-server /etc/swift/proxy-server.conf
  until_true 60 answers "$port" /healthcheck || die "the proxy does not answer, see $dir/log"
}

up() {
  rm -rf --one-file-system "$dir"
  mkdir -p "$dir"/{etc,log,disks/disk}
  printf 'root=%q port=%q\n' "$root" "$port" >"$dir/instance"
  # Swift looks for its configuration in /etc/swift and nowhere else.
  [ -L "$root/etc/swift" ] || { rm -rf "$root/etc/swift" && ln -sfn /state/etc "$root/etc/swift"; }
  write_common
  write_proxy "$port" $((port + 4))
  spawn "$dir" memcached enter "$root" "$dir" memcached -u root -l 127.0.0.1 -p $((port + 4))
  local i name
  for i in 0 1 2; do
    name=${backends[$i]}
    write_backend "$name" $((port + 1 + i))
    write_ring "$name" $((port + 1 + i))
    spawn "$dir" "$name" enter "$root" "$dir" "swift-$name-server" "/etc/swift/$name-server.conf"
  done
  for i in 1 2 3; do until_true 60 listens $((port + i)) || die "the ${backends[$((i - 1))]} server does not listen, see $dir/log"; done
  start_proxy
  # tempauth's access key ids are account:user.
  owner_id=ferry:owner stranger_id=ferry:stranger
  describe "$port" "swift $(enter "$root" "$dir" dpkg-query -f '${Version}' -W swift-proxy)"
}

need_root
case "$*" in
  'up '*)
    dir=$(realpath -m "$2") port=$3
    root=$("$here/roots.sh" swift)
    up
    ;;
  'gateway kill '* | 'gateway start '* | 'storage freeze '* | 'storage thaw '*)
    dir=$(realpath "$3")
    . "$dir/instance"
    case "$1 $2" in
      'gateway kill') stop "$dir" proxy ;;
      'gateway start') start_proxy ;;
      'storage freeze') signal "$dir" object STOP ;;
      'storage thaw') signal "$dir" object CONT ;;
    esac
    ;;
  'limit '*) unable 'Swift is set up without a rate limit' ;;
  'down '*) remove "$(realpath -m "$2")" ;;
  *) sed -n '2,/^\./{s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
