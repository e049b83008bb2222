# The interface that our own connection came in through; empty if unknown.
way_in() {
  local client
  client=${SSH_CLIENT:-$SSH_CONNECTION}
  client=${client%% *}
  case $client in
  '') return ;;
  *%*) echo "${client#*%}" ;;
  *) ip route get "${client#::ffff:}" 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p' ;;
  esac
}

# Does this interface surely end in a cable? Bridges and VLANs: if all below do.
# Tunnels and meshes end anywhere, so they do not.
is_wired() {
  local net=/sys/class/net/$1 below found=
  [ "$1" != lo ] || return 0
  [ ! -e "$net/phy80211" ] && [ ! -e "$net/wireless" ] || return 1
  for below in "$net"/brif/* "$net"/lower_*; do
    [ -e "$below" ] || continue
    found=1
    below=${below##*/}
    is_wired "${below#lower_}" || return 1
  done
  [ -n "$found" ] || [ -e "$net/device" ]
}

has_wifi() {
  local net
  for net in /sys/class/net/*; do
    [ ! -e "$net/phy80211" ] && [ ! -e "$net/wireless" ] || return 0
  done
  return 1
}

wifi_may_be_way_in() {
  local way
  has_wifi || return 1
  way=$(way_in)
  [ -z "$way" ] || ! is_wired "$way"
}
