# Stop those of the services that run; never what our own connection needs.
guard

record() {
  grep -qxF "$1" "$D/services" 2>/dev/null && return
  { echo "$1" >>"$D/services"; } 2>/dev/null && grep -qxF "$1" "$D/services" ||
    refuse no-space "$D"
}

set -f
wanted=
for name in $services; do
  case $name in network | netifd | dropbear | sshd | *[!A-Za-z0-9_.-]*) continue ;; esac
  [ -x "/etc/init.d/$name" ] && is_running "$name" || continue
  # On record before the act: whoever comes later knows what to start.
  record "$name"
  wanted="$wanted $name"
done
set +f
for name in $wanted; do
  "/etc/init.d/$name" stop </dev/null >/dev/null 2>&1
done
wifi_stopped=0
if [ "$wifi" = 1 ] && wifi_is_up && ! wifi_may_be_way_in; then
  mkdir -p "$D/wifi" || refuse no-space "$D"
  wifi down </dev/null >/dev/null 2>&1
  wifi_stopped=1
fi
unlock

# procd kills what does not end within 5 s; memory comes back a moment later.
still_running() {
  for name in $wanted; do
    ! is_running "$name" || return 0
  done
  return 1
}
now
until=$((NOW + settle_seconds))
before=0
while :; do
  report=$(measure "${path%/*}")
  available=${report#*=}
  available=${available%%[!0-9]*}
  now
  [ "$NOW" -lt "$until" ] || break
  ! still_running && [ "$available" -le $((before + 64)) ] && break
  before=$available
  sleep 1
done
for name in $wanted; do
  if is_running "$name"; then echo "not_stopped=$name"; else echo "stopped=$name"; fi
done
echo "wifi_stopped=$wifi_stopped"
echo "$report"
