# After the reboot: what was proved is written down on the router.
lock
check_boot
load_owner
[ -z "$owner" ] || [ -e "$D/settled" ] || check_owner
! sysupgrading || refuse sysupgrade 'somebody else began it'
if [ -n "$marker_sha256" ]; then
  marker=/etc/openwisp/firmware_checksum
  mkdir -p /etc/openwisp
  echo "$marker_sha256" >"$marker.new" && mv "$marker.new" "$marker" || exit 1
fi
[ -z "$canary" ] || rm -f "$canary"
sync
echo concluded=1
