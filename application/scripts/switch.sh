# The dead-man's switch: gives everything back when the deadline passes. The token in
# the file `switch` says which loop is armed; whoever removes or replaces it under the
# lock has disarmed the loop, which then leaves by itself.

# arm SECONDS
arm() {
  now
  token=$visit.$$.$NOW
  put deadline $((NOW + $1)) && put switch "$token" || return 1
  # A subshell: with a function alone ash would keep the session's output open.
  (watch_over) </dev/null >/dev/null 2>&1 &
  identify $! && put watcher "$IDENTITY"
}

is_armed() {
  local there
  load there switch
  [ "$there" = "$token" ]
}

time_left() {
  local deadline
  load deadline deadline
  now
  LEFT_SECONDS=$((${deadline:-0} - NOW))
  [ "$LEFT_SECONDS" -gt 0 ]
}

watch_over() {
  local rounds=0
  trap - EXIT INT TERM
  while is_armed; do
    if time_left; then
      [ "$LEFT_SECONDS" -lt 3 ] || LEFT_SECONDS=3
      sleep "$LEFT_SECONDS"
      continue
    fi
    if take_lock; then
      fire && rounds=$((rounds + 1))
      unlock
    fi
    sleep 3
  done
}

# One round under the lock. Everything was looked at before it: look again.
fire() {
  is_armed && ! time_left || return 1
  if [ -e "$D/flash" ]; then
    flash_is_over 300 || return 1
    [ -e "$D/fired" ] || mkdir "$D/fired"
  else
    ! sysupgrading || return 1
    mkdir "$D/fired" "$D/flash" || return 1
  fi
  remove_upload
  start_services
  # A service that does not come up is tried again, for about a minute.
  if look_at_services || [ "$rounds" -ge 20 ]; then
    rm -f "$D/switch"
    mkdir "$D/settled"
  fi
  forget_services
}
