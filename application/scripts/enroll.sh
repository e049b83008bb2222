[ -e /etc/config/flashlog ] || : >/etc/config/flashlog
uci set flashlog.device=device
uci set flashlog.device.uuid="$uuid"
uci commit flashlog
echo "enrolled_uuid=$(uci -q get flashlog.device.uuid)"
