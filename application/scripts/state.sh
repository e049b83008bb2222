# Reading the state of the router and of Flashlog's directory; changes nothing.

D=/tmp/flashlog

# load VARIABLE NAME: the first line of a file in the directory, empty if missing.
load() {
  eval "$1="
  [ ! -f "$D/$2" ] || read -r "$1" <"$D/$2"
}

now() {
  read -r NOW IDLE </proc/uptime
  NOW=${NOW%%.*}
}

# identify PID|self: name a living process for good, with its start time, because
# process ids come back. The fields of stat follow the name, which may hold blanks.
identify() {
  local stat
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  set -- "${stat%% *}" ${stat##*) }
  case $2 in Z | X) return 1 ;; esac
  IDENTITY=$1.${21}
}

alive() {
  identify "${1%%.*}" && [ "$IDENTITY" = "$1" ]
}

arguments() {
  tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null
}

# Is a flash under way, whoever began it? A test or a backup is none.
sysupgrading() {
  local file name pid
  for file in /proc/[0-9]*/comm; do
    { read -r name <"$file"; } 2>/dev/null || continue
    pid=${file%/comm}
    pid=${pid#/proc/}
    case $name in
    upgraded | stage2) return 0 ;;
    sysupgrade)
      case "$(arguments "$pid")" in
      '' | *' -T '* | *' --test '* | *' -b '* | *' --create-backup '*) ;;
      *' -l '* | *' --list-backup '* | *' -r '* | *' --restore-backup '*) ;;
      *) return 0 ;;
      esac
      ;;
    ubus)
      case "$(arguments "$pid")" in
      *' call system sysupgrade '*) return 0 ;;
      esac
      ;;
    esac
  done
  return 1
}

is_running() {
  ubus call service list "{\"name\":\"$1\"}" 2>/dev/null | grep -q '"running": true'
}

wifi_is_up() {
  ubus call network.wireless status 2>/dev/null | grep -q '"up": true'
}
