[ -f "$path" ] || exit 0
bytes=$(wc -c <"$path")
hash=$(sha256sum <"$path")
echo "bytes=$((bytes))"
echo "sha256=${hash%% *}"
