# Start sysupgrade, detached, at most once.
guard
[ -f "$path" ] || refuse missing-file "$path"
end_writers
hash=$(sha256sum <"$path")
[ "${hash%% *}" = "$sha256" ] || refuse checksum "${hash%% *}"
mkdir "$D/flash" || refuse flash-guard "$owner"
now
# From here on the switch only watches for a sysupgrade that refused or hung; for that
# it must know when the flash began.
put flash/uptime "$NOW" && arm "$lease_seconds" || {
  rm -rf "$D/flash"
  refuse no-space "$D"
}
# The agent of OpenWISP then fetches its configuration again. The marker is written anew
# after success: until then nobody knows what will run.
rm -rf /etc/openwisp/checksum /etc/openwisp/firmware_checksum
if [ -n "$canary" ]; then
  put canary "$canary"
  # Where there is no overlay it cannot be written, and then proves nothing.
  { echo "$operation" >"$canary"; } 2>/dev/null && echo canary=1
  sync
fi
set -f
(
  trap - EXIT INT TERM PIPE
  sleep 1
  /sbin/sysupgrade $flags "$path" &
  identify $! && put flash/sysupgrade "$IDENTITY"
  wait $!
  put sysupgrade.status $?
) </dev/null >"$D/sysupgrade.log" 2>&1 &
identify $! && put flash/starter "$IDENTITY"
echo launched=1
