#!/bin/bash
# promtool of Debian's prometheus, in its own root, on the files of deploy/observability: promtool.sh DIR ARGUMENTS...
. "$(dirname "${BASH_SOURCE[0]}")/../servers/common.sh"

need_root
dir=$(realpath "$1")
shift
root=$("$here/roots.sh" prometheus)
# shellcheck disable=SC2016
enter "$root" "$dir" sh -c 'cd /state && exec promtool "$@"' promtool "$@"
