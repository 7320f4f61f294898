#!/bin/sh
# Installs the Debian packages that tests compare with (aapt, apksigner, dexdump, a Java compiler) or look through (chromium, CJK fonts).
# Where apt or root is missing, the tests that need them are skipped and say so.
set -eu
packages="aapt apksigner dexdump zipalign chromium fonts-noto-cjk poppler-utils"
command -v javac >/dev/null 2>&1 || packages="$packages default-jdk-headless"
command -v apt-get >/dev/null 2>&1 || { echo "no apt: tests that need $packages are skipped"; exit 0; }
missing=""
for package in $packages; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
[ "$(id -u)" = 0 ] || { echo "not root: tests that need$missing are skipped"; exit 0; }
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends $missing >/dev/null || echo "could not install$missing: tests that need them are skipped"
