# Hash every whole piece that the file reaches, so that a broken upload goes on.
[ -f "$path" ] || exit 0
size=$(wc -c <"$path")
start=0
while [ "$start" -lt "$total_bytes" ]; do
  end=$((start + piece_bytes))
  [ "$end" -le "$total_bytes" ] || end=$total_bytes
  [ "$end" -le "$size" ] || break
  hash=$(dd if="$path" bs="$piece_bytes" skip=$((start / piece_bytes)) count=1 \
    2>/dev/null | head -c $((end - start)) | sha256sum)
  echo "piece=${hash%% *}"
  start=$end
done
