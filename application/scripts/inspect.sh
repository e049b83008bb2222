# Look, touch nothing.
first_line() {
  local line=
  [ ! -f "$1" ] || read -r line <"$1"
  echo "$line"
}

read -r boot_id </proc/sys/kernel/random/boot_id
read -r uptime idle </proc/uptime
echo "boot_id=$boot_id"
echo "uptime=$uptime"
[ ! -f /etc/openwrt_release ] || . /etc/openwrt_release
echo "release=$DISTRIB_RELEASE"
echo "revision=$DISTRIB_REVISION"
echo "target=$DISTRIB_TARGET"
echo "description=$DISTRIB_DESCRIPTION"
echo "board=$(first_line /tmp/sysinfo/board_name)"
echo "model=$(first_line /tmp/sysinfo/model)"
echo "compat_version=$(uci -q get system.@system[0].compat_version)"
echo "agent_uuid=$(uci -q get openwisp.http.uuid)"
echo "enrolled_uuid=$(uci -q get flashlog.device.uuid)"
for net in /sys/class/net/*; do
  [ "${net##*/}" = lo ] || echo "mac=$(first_line "$net/address")"
done
echo "marker=$(first_line /etc/openwisp/firmware_checksum)"
measure "$directory"
# One level of indentation is a service; what runs of it stands deeper.
ubus call service list 2>/dev/null | awk '
  /^\t"/ { split($0, part, "\""); name = part[2] }
  /"running": true/ && name != "" { print "service=" name; name = "" }'
echo "way_in=$(way_in)"
if wifi_is_up; then echo wifi_up=1; else echo wifi_up=0; fi
if wifi_may_be_way_in; then echo wifi_way_in=1; else echo wifi_way_in=0; fi
if sysupgrading; then echo sysupgrade_running=1; else echo sysupgrade_running=0; fi
echo "canary=$(first_line "$canary")"
[ ! -f "$path" ] || echo "file_bytes=$(($(wc -c <"$path")))"

load owner operation
if [ -n "$owner" ]; then
  echo "owner_operation=$owner"
  echo "owner_installation=$(first_line "$D/installation")"
  echo "owner_visit=$(first_line "$D/visit")"
  [ ! -e "$D/settled" ] || echo settled=1
  [ ! -e "$D/fired" ] || echo fired=1
  [ ! -e "$D/flash" ] || echo flash_guard=1
  echo "sysupgrade_status=$(first_line "$D/sysupgrade.status")"
  [ ! -f "$D/sysupgrade.log" ] ||
    tail -n 20 "$D/sysupgrade.log" | sed 's/^/sysupgrade_log=/'
fi
