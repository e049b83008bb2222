# Giving back what was taken.

# Writers of earlier visits end at once.
end_writers() {
  local file writer tries
  for file in "$D"/writers/*; do
    [ -e "$file" ] || continue
    writer=${file##*/}
    tries=0
    while alive "$writer" && [ "$tries" -lt 5 ]; do
      kill -9 "${writer%.*}"
      tries=$((tries + 1))
      ! alive "$writer" || sleep 1
    done
    rm -f "$file"
  done
}

# flash_is_over SECONDS: can our flash no longer happen? sysupgrade's exit status 246
# or none means that procd has the job. After SECONDS it counts as hung, and is ended
# unless procd was asked already.
flash_is_over() {
  local status begun pid
  [ -e "$D/flash" ] && [ ! -e "$D/fired" ] || return 0
  load status sysupgrade.status
  case $status in
  '' | 0 | 246) ;;
  *) ! sysupgrading && return ;;
  esac
  now
  load begun flash/uptime
  [ $((NOW - ${begun:-0})) -ge "$1" ] || return 1
  load pid flash/starter
  ! alive "$pid" || kill -9 "${pid%.*}"
  load pid flash/sysupgrade
  ! alive "$pid" || kill -9 "${pid%.*}"
  sleep 1
  ! sysupgrading
}

remove_upload() {
  local file
  end_writers
  for file in path canary; do
    load upload "$file"
    [ -z "$upload" ] || rm -f "$upload"
  done
}

# The directory is gone though the log says that something is owed: somebody deleted
# it. What it knew is written down again from the log.
recall() {
  local name
  rm -f "$D/services"
  for name in $owed_services; do
    [ -x "/etc/init.d/$name" ] || continue
    { echo "$name" >>"$D/services"; } 2>/dev/null || return 1
  done
  [ "$owed_wifi" = 0 ] || mkdir -p "$D/wifi"
}

# Start what is down; then wait SECONDS for all of it. LEFT and WIFI_LEFT tell the rest.
start_services() {
  local name
  [ ! -e "$D/services" ] || while read -r name; do
    is_running "$name" || "/etc/init.d/$name" start </dev/null >/dev/null 2>&1
  done <"$D/services"
  [ ! -e "$D/wifi" ] || wifi_is_up || wifi up </dev/null >/dev/null 2>&1
}

look_at_services() {
  local name
  LEFT= WIFI_LEFT=
  [ ! -e "$D/services" ] || while read -r name; do
    is_running "$name" || LEFT="$LEFT $name"
  done <"$D/services"
  [ ! -e "$D/wifi" ] || wifi_is_up || WIFI_LEFT=1
  [ -z "$LEFT$WIFI_LEFT" ]
}

await_services() {
  local until
  now
  until=$((NOW + $1))
  until look_at_services; do
    now
    [ "$NOW" -lt "$until" ] || return 1
    sleep 1
  done
}

report_services() {
  local name
  [ ! -e "$D/services" ] || while read -r name; do
    case " $LEFT " in
    *" $name "*) echo "not_restored=$name" ;;
    *) echo "restored=$name" ;;
    esac
  done <"$D/services"
}

# What runs again is not owed any more.
forget_services() {
  local name
  rm -f "$D/services"
  for name in $LEFT; do echo "$name"; done >"$D/services.new"
  if [ -n "$LEFT" ]; then mv "$D/services.new" "$D/services"; else rm -f "$D/services.new"; fi
  [ -n "$WIFI_LEFT" ] || rm -rf "$D/wifi"
}
