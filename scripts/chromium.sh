#!/bin/sh
# Have Chromium for the browser tests where it can be had; they are skipped, with the reason, where it cannot.
set -eu
[ -x "${QUOTEDESK_CHROMIUM:-/usr/bin/chromium}" ] && exit 0
. "$(dirname "$0")/apt.sh"
echo "Installing Chromium for the browser tests (this once)."
apt_install chromium || echo "Chromium cannot be installed here: the browser tests will be skipped." >&2
