# Push the deadline out; a switch that died (out of memory) is armed again.
guard
load token switch
[ -n "$token" ] || refuse disarmed "$owner"
load watcher watcher
if alive "$watcher"; then
  now
  put deadline $((NOW + lease_seconds)) || refuse no-space "$D"
else
  arm "$lease_seconds" || refuse no-space "$D"
fi
load deadline deadline
echo "deadline=$deadline"
