[ -e /etc/config/flashlog ] || : >/etc/config/flashlog
uci set flashlog.device=device
uci set flashlog.device.uuid="$uuid"
# Until it is committed, `get` reads back what will be gone with the next reboot.
uci commit flashlog || exit 1
echo "enrolled_uuid=$(uci -q get flashlog.device.uuid)"
