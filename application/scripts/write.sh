# Write standard input into the file at an offset. Once a newer visit has claimed the
# router, no writer of an older one is alive.

# A client that still sends while its channel closes loses the whole connection: let
# it fill the window first.
refuse() {
  echo "refused=$1"
  echo "detail=$2"
  [ -z "$locked" ] || unlock
  sleep 1
  exit 0
}

guard
exec 3<&0
# The writer registers itself and then looks again: whoever takes over notes the visit
# first and ends the writers then, so one of the two sees the other.
(
  trap - EXIT INT TERM
  identify self && : >"$D/writers/$IDENTITY" || exit 99
  load seen visit
  [ "$seen" = "$visit" ] && [ ! -e "$D/settled" ] || exit 98
  exec dd of="$path" bs=65536 seek="$offset" oflag=seek_bytes conv=notrunc
) <&3 3<&- 2>/dev/null &
writer=$!
exec 3<&-
IDENTITY=
identify "$writer"
unlock
wait "$writer"
status=$?
[ -z "$IDENTITY" ] || rm -f "$D/writers/$IDENTITY"
if [ "$status" = 98 ]; then refuse newer-visit "$visit"; fi
if [ "$status" != 0 ]; then
  room=$(df -k "${path%/*}" | awk 'END { print $(NF - 2) }')
  [ "$room" -ge 64 ] || refuse no-space "${path%/*}"
fi
echo "exit_status=$status"
