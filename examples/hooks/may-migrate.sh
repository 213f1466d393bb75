#!/bin/sh
# Refuses whoever isn't in a list of names, one to a line.
set -eu
if grep -Fqx "$(id -un)" "$1"; then
    exit 0
fi
echo "$(id -un) is not in $1 and may not run $DRIFTLOCK_HOOK_VERSION, which touches contracts" >&2
exit 1
