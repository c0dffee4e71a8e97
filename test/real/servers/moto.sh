#!/bin/bash
# Moto's SQS on loopback: an endpoint that others wrote, with visibility timeouts, redelivery, dead letters and long polling.
#
#   moto.sh up DIR PORT                Debian unstable's moto. Prints endpoint and keys as JSON. Keeps nothing on disk.
#   moto.sh down DIR                   kill it and delete its logs
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

need_root
case "$*" in
  'up '*)
    dir=$(realpath -m "$2") port=$3
    root=$("$here/roots.sh" moto)
    rm -rf --one-file-system "$dir"
    mkdir -p "$dir/log"
    cp "$here/moto-server.py" "$dir/"
    spawn "$dir" moto enter "$root" "$dir" python3 -W ignore /state/moto-server.py -H 127.0.0.1 -p "$port"
    until_true 60 answers "$port" /moto-api/data.json || die "moto does not answer, see $dir/log"
    describe "$port" "moto $(enter "$root" "$dir" dpkg-query -f '${Version}' -W python3-moto)"
    ;;
  'down '*) remove "$(realpath -m "$2")" ;;
  *) sed -n '2,/^\./{s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
