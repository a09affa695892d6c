# The unit and its drop-ins, as this version of systemd sees them.

step_units() {
    local version folder=/var/tmp/trial-unit least; version=$(systemd_version)
    check "systemd $version finds nothing to say about the unit" silent systemd-analyze verify $unit_folder/poller.service
    check "its exposure is at most 1.2" exposed_at_most 12 $unit_folder/poller.service
    check "that of the running service too" systemd-analyze security --no-pager --threshold=12 poller
    for least in 253 254; do
        rm -rf $folder; mkdir -p $folder/poller.service.d
        cp $unit_folder/poller.service $folder/; cp "$top/systemd/systemd-$least.conf" $folder/poller.service.d/
        if [ "$version" -lt $least ]; then
            check "what needs systemd $least is not installed" test ! -e $unit_folder/poller.service.d/systemd-$least.conf
            continue
        fi
        check "what needs systemd $least is installed" cmp $unit_folder/poller.service.d/systemd-$least.conf "$top/systemd/systemd-$least.conf"
        check "nothing to say about the unit with it" silent systemd-analyze verify $folder/poller.service
        check "its exposure with it is at most 1.2" exposed_at_most 12 $folder/poller.service
    done
    [ "$version" -lt 253 ] || check "it is reloaded by notify-reload" is type "$(property Type)" notify-reload
    [ "$version" -lt 254 ] || check "the pauses between failed starts grow up to 5 min" is pause "$(property RestartMaxDelayUSec)" 5min
}
exposed_at_most() { # TENTHS FILE
    systemd-analyze security --no-pager --offline=yes --threshold="$1" "$2" | tail -1
    [ "${PIPESTATUS[0]}" = 0 ]
}
