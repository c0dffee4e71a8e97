#!/bin/bash
# Builds the Debian roots that the servers run from, each once: roots.sh ceph16 | ceph20 | swift | haproxy | moto | peers | prometheus. Prints the root's path.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

need_root
host_package mmdebstrap mmdebstrap
ceph=ceph-mon,ceph-osd,ceph-common,radosgw
case ${1:-} in
  ceph16) build_root ceph16 bookworm $ceph ;;
  ceph20) build_root ceph20 sid $ceph ;;
  swift) build_root swift bookworm swift-proxy,swift-account,swift-container,swift-object,memcached ;;
  haproxy) build_root haproxy bookworm haproxy ;;
  moto) build_root moto sid python3-moto,python3-flask,python3-flask-cors ;;
  prometheus) build_root prometheus bookworm prometheus ;;
  peers) build_root peers bookworm rclone,awscli ;;
  *) die 'roots.sh ceph16 | ceph20 | swift | haproxy | moto | peers | prometheus' ;;
esac
