#!/bin/sh
# Runs as root before files go (deb, rpm): nothing of a connection may stay behind.
set -e
case "$1" in
upgrade | 1) exit 0 ;;
esac
if [ -d /run/systemd/system ]; then
  systemctl stop 'slipway-helper@*.service' || true
  for link in /etc/systemd/system/*.wants/slipway-helper@*.service; do
    [ -L "$link" ] && systemctl disable "${link##*/}" || true
  done
fi
/opt/Slipway/resources/native/bin/slipway-helper clean || true
