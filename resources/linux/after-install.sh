#!/bin/sh
# Runs as root after files were put in place (deb, rpm).
set -e
ln -sf /opt/Slipway/resources/programs/slipway /usr/bin/slipway
ln -sf /opt/Slipway/slipway-desktop /usr/bin/slipway-desktop
# Chromium's sandbox takes user namespaces where any user may make them, and needs this program's bit where not.
may_not() { [ "$(cat "/proc/sys/$1" 2>/dev/null)" = "$2" ]; }
if may_not kernel/apparmor_restrict_unprivileged_userns 1 || may_not kernel/unprivileged_userns_clone 0 ||
  may_not user/max_user_namespaces 0; then
  chmod 4755 /opt/Slipway/chrome-sandbox
else
  chmod 0755 /opt/Slipway/chrome-sandbox
fi
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  # A running helper of the version before serves no longer whom it should.
  systemctl try-restart 'slipway-helper@*.service' || true
fi
for tool in 'update-desktop-database -q' 'gtk-update-icon-cache -q -t -f /usr/share/icons/hicolor'; do
  if command -v "${tool%% *}" >/dev/null 2>&1; then
    $tool || true
  fi
done
