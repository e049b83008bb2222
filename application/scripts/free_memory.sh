# Remove what can be had again: package lists, caches, leftovers of sysupgrade.
guard
rm -rf /tmp/opkg-lists /tmp/cache/apk /var/cache/apk/*
for leftover in /tmp/sysupgrade.*; do
  [ "$leftover" = "$path" ] || rm -rf "$leftover"
done
sync
{ echo 3 >/proc/sys/vm/drop_caches; } 2>/dev/null
measure "${path%/*}"
