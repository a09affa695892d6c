# The words of a check, and the props: an upstream and a receiver on this machine, and a configuration that knows them.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
told=/var/tmp/poller-told.log; state=/var/lib/private/poller; unit_folder=/lib/systemd/system; failed=0; passed=0; skipped=0
port=${TRIAL_PORT:-18780}; web=127.0.0.1:$port; upstream=127.0.0.1:$((port + 10)); sink=127.0.0.1:$((port + 11)); web_token=trial-token-with-enough-characters
sk=simulated-secret-key-not-a-secret; hook=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw; by_key='{ file = "secrets/ak" }'

# ---- words

check() { local what=$1; shift
    if "$@" >/tmp/trial.out 2>&1; then passed=$((passed + 1)); echo "ok      $what"
    else failed=$((failed + 1)); echo "FAILED  $what"; sed 's/^/        | /' /tmp/trial.out | tail -15; fi; }
skip() { skipped=$((skipped + 1)); echo "skipped $1"; }
within() { local seconds=$1 end; shift; end=$((SECONDS + seconds))
    until "$@"; do [ $SECONDS -lt $end ] || { echo "not within $seconds s: $*"; return 1; }; sleep 0.3; done; }
not() { ! "$@"; }
is() { [ "$2" = "$3" ] || { echo "$1: found '$2', expected '$3'"; return 1; }; }
property() { systemctl show -P "$1" poller; }
more_restarts_than() { [ "$(property NRestarts)" -gt "$1" ] && running; }
status_says() { property StatusText | grep -E "$1" >/dev/null || { property StatusText; return 1; }; }
works() { status_says '^([^;]*; )*[0-9]+ jobs: ' && not status_says 'blind'; }
since() { date '+%Y-%m-%d %H:%M:%S'; }
log() { journalctl -q -u poller --since "$mark" -o cat "$@"; }
log_says() { log | grep -E "$1" >/dev/null; } # not -q: it ends at the first line, and then journalctl fails
logged_at_most() { local found; found=$(log | grep -cE "$2"); [ "$found" -le "$1" ] || { echo "$found lines"; return 1; }; }
silent() { local out; out=$("$@" 2>&1); [ -z "$out" ] || { echo "$out"; return 1; }; }
running() { systemctl -q is-active poller; }
web() { curl -sf -m 5 -H "Authorization: Bearer $web_token" "http://$web$1"; }
healthy() { curl -sf -m 5 "http://$web/healthz"; }
unhealthy() { not healthy; }
ready() { curl -sf -m 5 "http://$web/readyz"; }
events_told() { [ -e $told ] && sort -u $told | wc -l || echo 0; }
told_at_least() { [ "$(events_told)" -ge "$1" ]; }
nothing_owed() { [ "$(query "SELECT count(*) FROM deliveries WHERE state = 'pending'")" = 0 ]; }
query() { # of the database that the configuration names
    if grep -q '^url = "postgresql' /etc/poller/poller.toml; then runuser -u postgres -- psql -qtA poller -c "$1"; else sqlite3 -readonly $state/poller.db "$1"; fi
}
quietly() { "$@" >/dev/null 2>&1; }
apt() { env DEBIAN_FRONTEND=noninteractive apt-get "$1" -y -q "${@:2}"; }
systemd_version() { systemctl --version | sed -nE '1s/systemd ([0-9]+).*/\1/p'; }
drop_in() { mkdir -p /etc/systemd/system/poller.service.d; printf '[Service]\n%b' "$2" >/etc/systemd/system/poller.service.d/"$1".conf; systemctl daemon-reload; }
no_drop_in() { rm -f /etc/systemd/system/poller.service.d/"$1".conf; systemctl daemon-reload; }

# ---- props

props() {
    systemctl -q is-active trial-upstream || systemd-run -q --collect --unit trial-upstream -p Restart=always \
        /opt/poller/bin/poller simulate --listen $upstream --jobs 20 --speed "${SPEED:-14400}"
    systemctl -q is-active trial-sink || systemd-run -q --collect --unit trial-sink python3 "$here/sink.py" $sink $told
    within 60 listening
}
listening() { bash -c "exec 3<>/dev/tcp/${upstream/:/\/} && exec 4<>/dev/tcp/${sink/:/\/}" 2>/dev/null; }
begin_anew() { systemctl restart trial-upstream; within 60 listening; } # the jobs live once more: there is something to tell
write_config() { # the file as it usually is; what is set before it changes parts: endpoint, auth, signed, store
    cat >/etc/poller/poller.toml <<TOML
${store:+[store]
url = \"$store\"}
[sources.prod]
kind = "metastudio-avatar"
endpoint = "${endpoint:-http://$upstream}"
project_id = "0c5a1f00d8e24bd2a7c4de5f90b3a116"
auth = ${auth:-"{ method = \"aksk\", access_key = $by_key, secret_key = { credential = \"sk\" } }"}
discover = true
rate = "50/s"
every = { active = "2s", waiting_on_us = "2s", waiting_on_vendor = "2s", failed = "2s", done = "10s", unknown = "2s" }
[notifiers.backend]
kind = "webhook"
url = "http://$sink/hook"
rate = "200/s"
concurrency = 16
secret = ${signed:-"{ credential = \"hook\" }"}
retry = ["1s", "2s", "5s", "10s", "30s", "1m", "1m", "1m"]
[web]
listen = "$web"
token = "$web_token"
TOML
}
configured() {
    install -d -m 700 /etc/poller/credentials; install -d -m 750 -g poller /etc/poller/secrets
    printf %s $sk | install -m 600 /dev/stdin /etc/poller/credentials/sk
    printf %s $hook | install -m 600 /dev/stdin /etc/poller/credentials/hook
    printf SIMULATEDACCESSKEY00 | install -m 640 -g poller /dev/stdin /etc/poller/secrets/ak
    drop_in credentials 'LoadCredential=sk:/etc/poller/credentials/sk\nLoadCredential=hook:/etc/poller/credentials/hook\n'
    write_config
    props
}
