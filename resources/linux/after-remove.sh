#!/bin/sh
# Runs as root after files went (deb, rpm).
set -e
case "$1" in
upgrade | 1) exit 0 ;;
esac
rm -f /usr/bin/slipway /usr/bin/slipway-desktop
rm -rf /run/slipway /var/lib/slipway
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi
