# measure DIRECTORY: memory and room, in kB. Kernels before 3.14 have no MemAvailable;
# what lies in a tmpfs (Shmem) is counted as cached there but cannot be freed.
measure() {
  awk '
    { kb[$1] = $2 }
    END {
      available = kb["MemFree:"] + kb["Buffers:"] + kb["Cached:"] - kb["Shmem:"]
      if ("MemAvailable:" in kb) available = kb["MemAvailable:"]
      printf "mem_available=%d\nmem_total=%d\n", available, kb["MemTotal:"]
    }' /proc/meminfo
  df -k "$1" 2>/dev/null |
    awk 'END { printf "tmp_available=%d\n", (NF > 3) ? $(NF - 2) : 0 }'
}
