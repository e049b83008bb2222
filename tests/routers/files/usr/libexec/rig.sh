# Shared by the router's own programs: the way to the rig, and which release this is.

# ask VERB ARGUMENTS...: prints the rig's answer; returns the status it gives.
ask() {
	local answer="/.rig/answers/$$.$1" status
	mkfifo "$answer"
	printf '%s %s\n' "$answer" "$*" >/.rig/requests
	{
		read -r status
		cat
	} <"$answer"
	rm -f "$answer"
	return "$status"
}

# 2305 for 23.05.4, 9999 for SNAPSHOT
generation() {
	local DISTRIB_RELEASE IFS=.
	. /etc/openwrt_release
	set -- $DISTRIB_RELEASE
	case "$1$2" in
	[0-9][0-9][0-9][0-9]) echo "$1$2" ;;
	*) echo 9999 ;;
	esac
}
