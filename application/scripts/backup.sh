exec /sbin/sysupgrade -b - </dev/null
