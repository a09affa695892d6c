# Into the system, to the next version, and out of it.

step_wheel() { # as the README says; with a package installed it must not be tried
    rm -rf /var/tmp/poller-wheel; python3 -m venv /opt/poller
    check "the wheel is built" /opt/poller/bin/pip wheel -q --no-deps -w /var/tmp/poller-wheel "$top"
    check "the wheel installs" bash -c '/opt/poller/bin/pip install -q /var/tmp/poller-wheel/poller-*.whl'
    check "a service is made of it" /opt/poller/bin/poller systemd install
    check "twice is once" bash -c '! /opt/poller/bin/poller systemd install | grep -E "^(written|replaced)"'
    check "without root it is refused" not runuser -u nobody -- /opt/poller/bin/poller systemd install
    check "systemd finds nothing to say about the unit" silent systemd-analyze verify /etc/systemd/system/poller.service
    check "the configuration is 0640, root:poller" is mode "$(stat -c '%a %U:%G' /etc/poller/poller.toml)" "640 root:poller"
    configured
    check "its check finds the configuration good" bash -c 'cd / && CREDENTIALS_DIRECTORY=/etc/poller/credentials poller check'
    check "it starts, with the machine too" systemctl enable -q --now poller
    check "and polls" within 60 works
    check "and tells" within 60 told_at_least 20
    check "the next wheel goes over it" bash -c '/opt/poller/bin/pip install -q --force-reinstall --no-deps /var/tmp/poller-wheel/poller-*.whl && /opt/poller/bin/poller systemd install && systemctl restart poller'
    check "and polls again" within 60 works
    check "a package over it is refused, with the way out" not_over_it
    out_of_the_wheel
    check "what docs/operate.md says removes all of it" bash -c '! ls -d /etc/poller /var/lib/poller /var/lib/private/poller /opt/poller /etc/systemd/system/poller.service* /usr/local/bin/poller 2>/dev/null'
}
not_over_it() { built && ! apt install "$(realpath "$package")" && ! dpkg -s poller 2>/dev/null | grep -q '^Status: install ok installed'; }
out_of_the_wheel() {
    quietly systemctl disable --now poller.service; systemctl stop trial-upstream trial-sink
    rm -r /opt/poller/ /etc/sysusers.d/poller.conf /etc/systemd/system/poller.service* /usr/local/bin/poller
    rm -rf /etc/poller/ /var/lib/private/poller/ /var/lib/poller
    systemctl daemon-reload; rm -f $told
}
built() { [ -n "$package" ] || { make -s -C "$top" deb && package=$(ls "$top"/dist/poller_*.deb | tail -1); }; }

step_package() {
    check "the package is built" built
    check "the package installs" apt install "$(realpath "$package")"
    check "the service runs" within 20 running
    check "it starts with the machine" systemctl -q is-enabled poller
    check "without a configuration it says what is missing" within 20 status_says 'no source configured'
    check "the configuration is 0640, root:poller" is mode "$(stat -c '%a %U:%G' /etc/poller/poller.toml)" "640 root:poller"
    check "the database is 0600 and the service's" is mode "$(stat -c '%a %U' $state/poller.db)" "600 $(stat -c %U $state)"
    check "the control socket is 0600" is mode "$(stat -c %a /run/poller/poller.sock)" 600
    check "root's command finds database and socket" bash -c 'cd / && poller db status --json | grep -q "\"daemon\": *\"running\""'
}

step_upgrade() {
    rm -rf /var/tmp/poller-next; dpkg-deb -R "$(realpath "$package")" /var/tmp/poller-next
    sed -i 's/^Version: .*/&+next/' /var/tmp/poller-next/DEBIAN/control
    dpkg-deb --root-owner-group -Zgzip -z1 -b /var/tmp/poller-next /var/tmp/poller-next.deb >/dev/null
    local pid; pid=$(property MainPID)
    check "the next package installs over it" apt install /var/tmp/poller-next.deb
    check "the service was restarted" within 20 bash -c "systemctl -q is-active poller && [ \$(systemctl show -P MainPID poller) != $pid ]"
    check "the operator's configuration is kept" grep -q '^\[sources.prod\]' /etc/poller/poller.toml
    check "and its permissions" is mode "$(stat -c '%a %U:%G' /etc/poller/poller.toml)" "640 root:poller"
    quietly systemctl disable --now poller
    check "back to the old package" apt install --allow-downgrades "$(realpath "$package")"
    check "what the operator had stopped stays stopped" is state "$(systemctl is-active poller)$(systemctl is-enabled poller)" inactivedisabled
    quietly systemctl enable --now poller
    check "and starts when he says so" within 60 works
}

step_removal() {
    systemctl stop trial-upstream trial-sink
    check "the package is removed" apt remove poller
    check "configuration and database are kept" test -e /etc/poller/poller.toml -a -e $state/poller.db
    check "the program is gone" bash -c '! test -e /opt/poller -o -e /usr/bin/poller'
    check "it installs again" apt install "$(realpath "$package")"
    check "and runs with what it had" within 60 status_says '^([^;]*; )*[0-9]+ jobs: '
    check "the package is purged" apt purge poller
    check "nothing is left" bash -c '! ls -d /etc/poller /var/lib/poller /var/lib/private/poller /opt/poller /etc/systemd/system/poller.service.d 2>/dev/null'
    check "the user is gone" not getent passwd poller
    check "no unit is left" not systemctl cat poller
}
