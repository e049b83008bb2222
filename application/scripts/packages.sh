# Which packages were installed beside those of the ROM; touch nothing.
upper=/overlay/upper
if [ -d "$upper" ]; then
  echo known=1
  # opkg keeps a file for each package, apk one for all of them.
  for control in "$upper"/usr/lib/opkg/info/*.control; do
    name=${control##*/}
    [ ! -f "$control" ] || [ -f "/rom/usr/lib/opkg/info/$name" ] ||
      echo "package=${name%.control}"
  done
  installed=lib/apk/db/installed
  if [ -f "$upper/$installed" ]; then
    {
      [ ! -f "/rom/$installed" ] || sed -n 's/^P:/rom /p' "/rom/$installed"
      sed -n 's/^P:/now /p' "$upper/$installed"
    } | awk '
      $1 == "rom" { rom[$2] = 1 }
      $1 == "now" && !($2 in rom) { print "package=" $2 }'
  fi
fi
