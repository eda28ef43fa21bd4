#!/bin/sh
# Gives the tests of the page a browser: the system's own package, where that may be installed without
# asking anybody. Says what came of it and never fails: without a browser those tests skip, and say so.
#
#   .ci/chromium.sh [SECONDS [FOLDER]]   how long it may take; where browsers are (e2e/chromium.ts looks there)
seconds=${1:-180}
folder=${2:-/usr/bin}

say() {
  echo "chromium: $*"
  exit 0
}

skip() {
  say "not installed: $1; tests in a browser are skipped"
}

# The version of the first that runs; on some systems a file of that name only tells what to install.
version() {
  for name in chromium chromium-browser google-chrome; do
    [ -x "$folder/$name" ] && timeout 20 "$folder/$name" --version 2>/dev/null && return 0
  done
  return 1
}

command -v timeout >/dev/null || skip 'there is no timeout to end what hangs'
found=$(version) && say "$found, as it was"

if command -v apt-get >/dev/null; then
  install='apt-get update -q && apt-get install -q -y --no-install-recommends chromium'
elif command -v dnf >/dev/null; then
  install='dnf install -q -y chromium'
elif command -v apk >/dev/null; then
  install='apk add -q chromium ttf-freefont'
else
  skip 'no package manager is known here (apt-get, dnf, apk)'
fi

if [ "$(id -u)" = 0 ]; then
  as_root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  as_root='sudo -n'
else
  skip 'this user may not (root, or sudo that asks for no password)'
fi

log=$(mktemp) || skip 'there is no place for its log'
trap 'rm -f "$log"' EXIT
$as_root timeout -k 10 "$seconds" env DEBIAN_FRONTEND=noninteractive sh -c "$install" \
  </dev/null >"$log" 2>&1
status=$?
case $status in
  0) ;;
  124 | 137) skip "it took longer than $seconds s" ;;
  *) skip "$(tail -n 1 "$log")" ;;
esac
found=$(version) && say "$found, installed"
skip 'the package brought none that runs'
