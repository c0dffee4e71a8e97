#!/bin/bash
# Removes servers whose starter is dead: a run that was killed could not stop its own.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

shopt -s nullglob
for dir in "$servers"/run/*-*; do
  pid=${dir##*-}
  [[ $pid =~ ^[0-9]+$ ]] || continue
  kill -0 "$pid" 2>/dev/null || { say "removing $dir"; remove "$dir"; }
done
