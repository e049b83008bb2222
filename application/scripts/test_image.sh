# The router's own test, with the options of the real run: they change the answer.
guard
[ -f "$path" ] || refuse missing-file "$path"
set -f
output=$(/sbin/sysupgrade -T $flags "$path" 2>&1 </dev/null)
echo "exit_status=$?"
[ -z "$output" ] || echo "$output" | tail -n 40 | sed 's/^/output=/'
# 18.06 has no structured verdict.
verdict=$(ubus call system validate_firmware_image "{\"path\":\"$path\"}" 2>/dev/null |
  tr -d '\n\t')
[ -z "$verdict" ] || echo "verdict=$verdict"
rm -f /tmp/sysupgrade.meta /tmp/sysupgrade.ucert
