# Write standard input into the file at an offset. Registered under the lock: once a
# newer visit has claimed the router, no writer of an older one is alive.

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
dd of="$path" bs=65536 seek="$offset" oflag=seek_bytes conv=notrunc <&3 3<&- 2>/dev/null &
writer=$!
exec 3<&-
{ : >"$D/writers/$writer"; } 2>/dev/null || {
  kill -9 "$writer"
  refuse no-space "$D"
}
unlock
wait "$writer"
status=$?
rm -f "$D/writers/$writer"
if [ "$status" != 0 ]; then
  room=$(df -k "${path%/*}" | awk 'END { print $(NF - 2) }')
  [ "$room" -ge 64 ] || refuse no-space "${path%/*}"
fi
echo "exit_status=$status"
