# The guard: one script at a time, of this boot, of this operation, of no older visit.

LOCK=/tmp/flashlog.lock
# The end of the session must not stop a script halfway.
trap '' HUP PIPE

refuse() {
  echo "refused=$1"
  echo "detail=$2"
  exit 0
}

# put NAME VALUE: all or nothing, also when the directory is full.
put() {
  { echo "$2" >"$D/$1.new"; } 2>/dev/null && mv "$D/$1.new" "$D/$1" && return
  rm -f "$D/$1.new"
  return 1
}

# lock_at PATH UNTIL: a symbolic link to its holder is made in one step, so there is no
# lock without a holder. A dead holder's lock may be taken away only by who holds
# the lock on that very holder: nobody removes a lock that was taken since.
lock_at() {
  local path=$1 until=$2 mine holder tries=0
  identify self
  mine=$IDENTITY
  until ln -s "$mine" "$path" 2>/dev/null; do
    holder=$(readlink "$path")
    if [ -n "$holder" ] && ! alive "$holder"; then
      lock_at "$path~$holder" "$until" || return 1
      [ "$(readlink "$path")" != "$holder" ] || rm -f "$path"
      rm -f "$path~$holder"
      continue
    fi
    now
    [ "$NOW" -lt "$until" ] || return 1
    # Many routers only sleep whole seconds; most locks are held for milliseconds.
    tries=$((tries + 1))
    [ "$tries" -lt 20 ] || sleep 0.2 2>/dev/null || sleep 1
  done
}

unlock() {
  locked=
  rm -f "$LOCK"
  trap - EXIT INT TERM
}

take_lock() {
  now
  lock_at "$LOCK" $((NOW + 10)) || return 1
  locked=1
  trap unlock EXIT
  trap 'exit 1' INT TERM
}

lock() {
  take_lock || refuse busy "$(readlink "$LOCK")"
}

check_boot() {
  local boot
  read -r boot </proc/sys/kernel/random/boot_id
  [ "$boot" = "$boot_id" ] || refuse rebooted "$boot"
}

load_owner() {
  load owner operation
  load owner_installation installation
  load seen visit
}

is_mine() {
  [ "$owner" = "$operation" ] && [ "$owner_installation" = "$installation" ]
}

check_owner() {
  load_owner
  [ -n "$owner" ] || refuse gone "$D"
  is_mine || refuse foreign "$owner_installation $owner"
  [ "${seen:-0}" -le "$visit" ] || refuse newer-visit "$seen"
}

note_visit() {
  [ "$seen" = "$visit" ] || put visit "$visit" || refuse no-space "$D"
}

guard() {
  lock
  check_boot
  check_owner
  [ ! -e "$D/fired" ] || refuse fired "$owner"
  [ ! -e "$D/settled" ] || refuse settled "$seen"
  [ ! -e "$D/flash" ] || refuse flash-guard "$owner"
  ! sysupgrading || refuse sysupgrade 'somebody else began it'
  note_visit
}
