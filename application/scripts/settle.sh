# Give everything back. May be repeated until nothing is left.
lock
check_boot
load_owner
if [ -z "$owner" ]; then
  # The note also keeps a late copy of this visit from taking anything.
  ! sysupgrading || refuse sysupgrade 'somebody else began it'
  rm -f "$path"
  mkdir -p -m 700 "$D" && put installation "$installation" && put boot_id "$boot_id" &&
    put visit "$visit" && recall && put operation "$operation" ||
    refuse no-space "$D"
fi
check_owner
flash_is_over "$hung_seconds" || refuse flashing "$owner"
! sysupgrading || refuse sysupgrade 'somebody else began it'
remove_upload
rm -f "$path"
note_visit
start_services
await_services "$wait_seconds"
report_services
wifi=none
[ ! -e "$D/wifi" ] || wifi=up
[ -z "$WIFI_LEFT" ] || wifi=down
echo "wifi=$wifi"
removed=1
[ ! -e "$path" ] || removed=0
echo "removed=$removed"
forget_services
if [ -n "$LEFT$WIFI_LEFT" ]; then
  # The switch stays armed: it goes on trying if nobody comes back.
  echo disarmed=0
  exit
fi
mkdir -p "$D/settled"
# A writer that began in between has seen the note, or is seen now.
end_writers
rm -f "$path"
rm -rf "$D/switch" "$D/watcher" "$D/deadline" "$D/flash" "$D/fired" "$D/writers" \
  "$D/path" "$D/canary" "$D"/sysupgrade.*
echo disarmed=1
