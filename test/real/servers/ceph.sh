#!/bin/bash
# A one-node Ceph cluster (monitor, one OSD, no authentication between them) with its S3 gateway, on loopback.
#
#   ceph.sh up 16|20 DIR PORT          16: Debian 12's 16.2. 20: Debian unstable's 20.2, with the class STANDARD_IA.
#                                      Takes the ports PORT to PORT+29. Prints endpoint and keys as JSON.
#   ceph.sh gateway kill|start DIR     SIGKILL and restart the S3 gateway; object requests work at once again, but creating
#                                      a bucket may wait about 30 s for the dead gateway's watch to expire
#   ceph.sh storage freeze|thaw DIR    SIGSTOP and SIGCONT for the OSD: requests hang, then go on
#   ceph.sh limit WRITES|off DIR       write requests per minute for the owner; more get 503 SlowDown (20 only)
#   ceph.sh down DIR                   kill it and delete its data
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Where one CopyObject ends: low, so that tests reach it with small objects.
max_copy=$((128 << 20))

write_config() { # DIR PORT
  local dir=$1 port=$2
  cat >"$dir/ceph.conf" <<CONF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon_host = [v2:127.0.0.1:$((port + 1)),v1:127.0.0.1:$((port + 2))]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_ipv6 = false
ms_bind_port_min = $((port + 3))
ms_bind_port_max = $((port + 29))
# Without cephx there is no session key, so every connection mode has to be the unencrypted one: the gateway would
# otherwise ask for a secure connection to the monitor and wait for ever.
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
ms_mon_client_mode = crc
ms_cluster_mode = crc
ms_service_mode = crc
ms_client_mode = crc
run_dir = /state
admin_socket = /state/\$name.asok
log_file = /state/log/\$name.log
mon_cluster_log_file = /state/log/cluster.log
crash_dir = /state/log
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
mon_data_avail_warn = 1
mon_data_avail_crit = 0
# Creating the gateway's pools is a row of map changes, each of which waits for these.
paxos_propose_interval = 0.05
paxos_min_wait = 0.02

[mon]
mon_data = /state/mon

[osd]
osd_data = /state/osd
osd_objectstore = bluestore
bluestore_block_create = true
# A sparse file: it takes the room of the data, not of the size.
bluestore_block_size = $((48 << 30))
osd_memory_target = $((1 << 30))

[client]
rgw_data = /state/gateway
# Small answers wait for a delayed ACK (some 40 ms) without tcp_nodelay.
rgw_frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
rgw_thread_pool_size = 64
rgw_run_sync_thread = false
rgw_max_put_size = $max_copy
# Room of deleted objects comes back within a minute instead of hours.
rgw_gc_obj_min_wait = 30
rgw_gc_processor_period = 30
rgw_gc_processor_max_time = 30
CONF
}

# in_root COMMAND...: an administrator's command, in the root and with the data of this cluster.
in_root() { (enter "$root" "$dir" timeout 60 "$@" 2>>"$dir/log/admin.log"); }

start_gateway() {
  spawn "$dir" gateway enter "$root" "$dir" radosgw -c /state/ceph.conf -f -n client.rgw
  until_true 60 answers "$port" / || die "the gateway does not answer, see $dir/log"
}

add_user() { in_root radosgw-admin -c /state/ceph.conf user create --uid="$1" --display-name="$1" --access-key="$1" --secret-key="$2" >/dev/null; }

add_class() {
  local admin=(radosgw-admin -c /state/ceph.conf) class=(--placement-id default-placement --storage-class "$1")
  in_root "${admin[@]}" zonegroup placement add --rgw-zonegroup default "${class[@]}" >/dev/null
  in_root "${admin[@]}" zone placement add --rgw-zone default "${class[@]}" --data-pool "default.rgw.$2.data" >/dev/null
}

up() {
  local version=$1
  rm -rf --one-file-system "$dir"
  mkdir -p "$dir"/{log,mon,osd,gateway}
  printf 'root=%q port=%q version=%q\n' "$root" "$port" "$version" >"$dir/instance"
  write_config "$dir" "$port"
  local osd_uuid address
  osd_uuid=$(cat /proc/sys/kernel/random/uuid)
  address=$(sed -n 's/^mon_host = //p' "$dir/ceph.conf")

  in_root monmaptool --create --fsid "$(sed -n 's/^fsid = //p' "$dir/ceph.conf")" --addv a "$address" /state/monmap >/dev/null
  in_root ceph-mon -c /state/ceph.conf --no-mon-config --mkfs -i a --monmap /state/monmap >/dev/null
  spawn "$dir" monitor enter "$root" "$dir" ceph-mon -c /state/ceph.conf --no-mon-config -f -i a
  until_true 30 in_root timeout 3 ceph -c /state/ceph.conf mon stat || die "the monitor does not answer, see $dir/log"

  in_root ceph -c /state/ceph.conf osd new "$osd_uuid" 0 >/dev/null
  in_root ceph-osd -c /state/ceph.conf --no-mon-config -i 0 --mkfs --osd-uuid "$osd_uuid" >/dev/null
  spawn "$dir" osd enter "$root" "$dir" ceph-osd -c /state/ceph.conf -f -i 0
  until_true 60 osd_is_up || die "the OSD does not come up, see $dir/log"

  # Before the gateway runs: the first of these also writes the zone, which a running gateway would have to be told about.
  add_user "$owner_id" "$owner_secret"
  add_user "$stranger_id" "$stranger_secret"
  [ "$version" != 20 ] || add_class STANDARD_IA standard-ia
  start_gateway
  describe "$port" "$(in_root radosgw --version | cut -d' ' -f1-3)"
}
osd_is_up() { in_root ceph -c /state/ceph.conf osd stat | grep -q ' 1 up'; }

limit() { # WRITES|off
  [ "$version" = 20 ] || unable "Ceph $version has no rate limits"
  local admin=(radosgw-admin -c /state/ceph.conf ratelimit) scope=(--ratelimit-scope=user --uid="$owner_id")
  if [ "$1" = off ]; then
    in_root "${admin[@]}" disable "${scope[@]}" >/dev/null
  else
    in_root "${admin[@]}" set "${scope[@]}" --max-write-ops="$1" >/dev/null
    in_root "${admin[@]}" enable "${scope[@]}" >/dev/null
  fi
}

need_root
case "$*" in
  'up 16 '* | 'up 20 '*)
    dir=$(realpath -m "$3") port=$4
    root=$("$here/roots.sh" "ceph$2")
    up "$2"
    ;;
  'gateway kill '* | 'gateway start '* | 'storage freeze '* | 'storage thaw '* | 'limit '*)
    dir=$(realpath "$3")
    . "$dir/instance"
    case "$1 $2" in
      'gateway kill') stop "$dir" gateway ;;
      'gateway start') start_gateway ;;
      'storage freeze') signal "$dir" osd STOP ;;
      'storage thaw') signal "$dir" osd CONT ;;
      *) limit "$2" ;;
    esac
    ;;
  'down '*) remove "$(realpath -m "$2")" ;;
  *) sed -n '2,/^\./{s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
