#!/bin/bash
# haproxy on loopback, in front of an S3 gateway: spoils copy requests by turns, and hands everything else on.
#
#   haproxy.sh up DIR PORT UPSTREAM_PORT    of every ten copy requests one gets 503 with Retry-After, one a delayed 500,
#                                           and one no answer at all
#   haproxy.sh down DIR                     kill it and delete its data
. "$(dirname "${BASH_SOURCE[0]}")/../servers/common.sh"

write_config() { # PORT UPSTREAM_PORT
  cat >"$dir/haproxy.cfg" <<CONF
global
  # One thread, so that the count of requests is exact.
  nbthread 1
  set-var proc.copies int(0)
defaults
  mode http
  timeout connect 5s
  timeout client 300s
  timeout server 300s
  timeout tarpit 700ms
listen faults
  bind 127.0.0.1:$1
  acl copies req.hdr(x-amz-copy-source) -m found
  http-request set-var(proc.copies) var(proc.copies),add(1) if copies
  http-request set-var(txn.turn) var(proc.copies),mod(10)
  http-request return status 503 content-type application/xml hdr Retry-After 1 string "<Error><Code>SlowDown</Code></Error>" if copies { var(txn.turn) -m int 2 }
  http-request tarpit deny_status 500 if copies { var(txn.turn) -m int 5 }
  http-request silent-drop if copies { var(txn.turn) -m int 8 }
  server gateway 127.0.0.1:$2
CONF
}

need_root
case "$*" in
  'up '*)
    dir=$(realpath -m "$2")
    root=$("$here/roots.sh" haproxy)
    mkdir -p "$dir/log"
    write_config "$3" "$4"
    spawn "$dir" haproxy enter "$root" "$dir" haproxy -db -f /state/haproxy.cfg
    until_true 20 listens "$3" || die "haproxy does not listen, see $dir/log"
    ;;
  'down '*) remove "$(realpath -m "$2")" ;;
  *) sed -n '2,/^\./{s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
