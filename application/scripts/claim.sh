# Take the router for this visit and arm the switch.

# Whose directory is it, and may it be taken over?
judge_owner() {
  local there
  load there boot_id
  # Only a /tmp that outlives a reboot brings that about; a reboot settles all.
  [ "$there" = "$boot_id" ] || rm -rf "$D"
  load_owner
  if [ -z "$owner" ]; then
    rm -rf "$D"
  elif is_mine; then
    check_owner
    [ ! -e "$D/settled" ] || [ -e "$D/fired" ] || [ "$seen" -lt "$visit" ] ||
      refuse settled "$seen"
  else
    # A late copy of an operation that was here before.
    ! grep -qxF "$installation $operation" "$D/past" 2>/dev/null ||
      refuse foreign "$owner_installation $owner"
    [ -e "$D/settled" ] || give_back_previous
  fi
  [ -e "$D/fired" ] || [ -e "$D/settled" ] || [ ! -e "$D/flash" ] ||
    refuse flash-guard "$owner"
  ! sysupgrading || refuse sysupgrade 'somebody else began it'
}

give_back_previous() {
  [ "$owner_installation" = "$installation" ] ||
    refuse foreign "$owner_installation $owner"
  [ "$owner" = "$previous" ] || refuse owed "$owner"
  flash_is_over 90 || refuse flashing "$owner"
  remove_upload
  start_services
  await_services 15
  report_services
  forget_services
  mkdir "$D/settled"
}

take_over() {
  # A service that did not come back stays in the list: still owed, now by us.
  [ "$owner" = "$operation" ] || [ -z "$owner" ] ||
    echo "$owner_installation $owner" >>"$D/past"
  mkdir -p -m 700 "$D" && mkdir -p "$D/writers" &&
    put installation "$installation" && put boot_id "$boot_id" && put path "$path" &&
    put visit "$visit" && { [ -n "$owner" ] || recall; } && put operation "$operation"
}

lock
check_boot
judge_owner
if [ -e "$D/fired" ] && is_mine; then
  echo fired=1
  [ -e "$D/services" ] || [ -e "$D/wifi" ] || echo given_back=1
fi
if ! take_over; then
  [ -n "$owner" ] || rm -rf "$D"
  refuse no-space "$D"
fi
end_writers
rm -rf "$D/settled" "$D/fired" "$D/flash" "$D"/sysupgrade.*
arm "$lease_seconds" || refuse no-space "$D"
measure "${path%/*}"
