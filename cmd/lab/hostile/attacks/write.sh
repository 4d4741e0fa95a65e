# writes to the system and to others' files; the host is looked at afterwards
echo overwritten > "$VICTIM/secret"
touch "$VICTIM/new" "$VICTIM_TMP" /etc/mago-hostile /usr/bin/mago-hostile /lib/modules/mago-hostile /var/lib/dpkg/mago-hostile
