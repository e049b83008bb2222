# Run a person's command, ended at its limit; BusyBox has no timeout on most releases.
# The output goes through a file: what the command leaves behind must not hold us.
said=/tmp/flashlog.health.$$
(
  umask 077
  : >"$said"
)
sh -c "$command" </dev/null >"$said" 2>&1 &
running=$!
(
  sleep "$stop_after_seconds"
  kill -9 "$running"
) </dev/null >/dev/null 2>&1 &
timer=$!
wait "$running"
echo "exit_status=$?"
kill "$timer"
tail -n 40 "$said" | sed 's/^/output=/'
rm -f "$said"
