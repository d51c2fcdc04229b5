#!/bin/sh
# The first process of a computer in namespaces: builds its file tree, then becomes systemd. It runs in new mount, process,
# host name, IPC and cgroup namespaces, and in the network of whoever called it.
# Arguments: the folder of the root file system, which stays as it is; an empty folder; a file with resolv.conf.
set -e
lower=$1 top=$2 resolver=$3
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$top"
mkdir "$top/upper" "$top/work" "$top/root"
root=$top/root
mount -t overlay -o "lowerdir=$lower,upperdir=$top/upper,workdir=$top/work" overlay "$root"
cat "$resolver" >"$root/etc/resolv.conf"
echo computer >"$root/etc/hostname"
echo 127.0.0.1 localhost computer >"$root/etc/hosts"
: >"$root/etc/machine-id"

mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -o remount,bind,ro "$root/sys" # so that nothing here looks after devices (systemd-udevd.service, ConditionPathIsReadWrite)
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root/dev/net" "$root/dev/pts" "$root/dev/shm"
for device in null zero full random urandom tty net/tun; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for stream in 0:stdin 1:stdout 2:stderr; do
  ln -s "/proc/self/fd/${stream%:*}" "$root/dev/${stream#*:}"
done
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"

mkdir "$root/mnt/before"
cd "$root"
pivot_root . mnt/before
umount -l /mnt/before
rmdir /mnt/before
exec env -i container=namespaces PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --log-target=console --show-status=false
