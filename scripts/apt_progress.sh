#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: apt-get ... 2>&1 | apt_progress.sh LABEL LOG
#
# Copies apt-get's words into the file LOG, and says on stderr how far it got, every two seconds: for
# when there is no terminal on which apt-get would show that itself.

set -euo pipefail

readonly SECONDS_BETWEEN=2

label=$1
log=$2
fetched=0 unpacked=0 ready=0 last=$SECONDS

: >"$log"
while IFS= read -r line; do
	printf '%s\n' "$line" >>"$log"
	case $line in
	Get:*) fetched=$((fetched + 1)) ;;
	Unpacking\ *) unpacked=$((unpacked + 1)) ;;
	Setting\ up\ *) ready=$((ready + 1)) ;;
	*) continue ;;
	esac
	if ((SECONDS - last >= SECONDS_BETWEEN)); then
		last=$SECONDS
		printf '  %-7s %d files fetched, %d packages unpacked, %d set up\n' \
			"$label" "$fetched" "$unpacked" "$ready" >&2
	fi
done
