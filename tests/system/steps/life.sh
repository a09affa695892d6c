# What a service lives through on good days: secrets, reloads, crashes, schemas, backups, another database.

step_credentials() {
    configured
    check "the restart takes the credentials" systemctl restart poller
    check "its check finds configuration and credentials good" bash -c 'cd / && poller check --online'
    check "jobs are discovered and read" within 60 works
    check "events arrive at the receiver, signed" within 60 told_at_least 20
    check "nothing in the log at warning or above" silent log -p warning
    check "health is good, and it is ready" within 30 ready
}

step_ways() { # the same secret by each way, and each way once more as something else
    printf 'POLLER_SK=%s\n' $sk | install -m 600 /dev/stdin /etc/poller/environment
    printf %s $sk | install -m 640 -g poller /dev/stdin /etc/poller/secrets/sk
    local more='EnvironmentFile=/etc/poller/environment\n'
    if printf %s $sk | quietly systemd-creds encrypt --name=sealed - /etc/poller/credentials/sealed.cred; then
        drop_in ways "${more}LoadCredentialEncrypted=sealed:/etc/poller/credentials/sealed.cred\n"
        one_way "an encrypted credential" '{ credential = "sealed" }'
    else
        drop_in ways "$more"; skip "encrypted credentials: systemd-creds has no key on this machine"
    fi
    one_way "a credential" '{ credential = "sk" }'
    one_way "a file" '{ file = "secrets/sk" }'
    one_way "a variable of the environment" '{ env = "POLLER_SK" }'
    one_way "written in the configuration" "\"$sk\""
    signed='{ env = "POLLER_HOOK" }'; printf 'POLLER_HOOK=%s\n' $hook >>/etc/poller/environment
    write_config; signed=; systemctl restart poller; begin_anew; local before; before=$(events_told)
    check "a receiver's secret from the environment signs" within 60 told_at_least $((before + 5))
    no_drop_in ways; write_config; systemctl restart poller; within 60 quietly ready
    check "no secret is in the log" bash -c '! journalctl -q -u poller -o cat | grep -E "simulated-secret|whsec_|trial-token"'
    check "no credential is in the process's environment or arguments" bash -c "! cat /proc/$(property MainPID)/environ /proc/$(property MainPID)/cmdline | tr '\0' '\n' | grep -E 'simulated-secret|whsec_'"
    check "none is in the database" bash -c "! grep -aqE 'simulated-secret|whsec_|trial-token' $state/poller.db $state/poller.db-wal"
    check "without the token there are no figures, with it there are" bash -c "! curl -sf http://$web/metrics >/dev/null && curl -sf -H 'Authorization: Bearer $web_token' http://$web/metrics | grep -q ^poller_"
}
one_way() { # NAME SECRET
    auth="{ method = \"aksk\", access_key = $by_key, secret_key = $2 }"; write_config; auth=
    systemctl restart poller
    check "the source is read with its secret as $1" within 60 eval 'ready && works'
    check "and the command's check finds it too" bash -c 'cd / && set -a && . /etc/poller/environment && poller check --online'
}

step_reload() {
    local pid; pid=$(property MainPID); mark=$(since); sleep 1
    sed -i 's|^rate = .*|rate = "40/s"|' /etc/poller/poller.toml
    check "a good file is taken" systemctl reload poller
    check "the log says so" within 20 log_says 'configuration reloaded'
    sed -i 's|^rate = .*|rate = "fast"|' /etc/poller/poller.toml
    systemctl reload poller
    check "a bad file is refused with its place" within 20 log_says 'the configuration stays as it was.*sources.prod.rate'
    check "the status says that it was not reloaded" within 20 status_says 'not reloaded'
    check "it is the same process, and it runs" is pid "$(property MainPID)" "$pid"
    sed -i 's|^rate = .*|rate = "50/s"|' /etc/poller/poller.toml
    systemctl reload poller
    check "the next good file ends that" within 40 not status_says 'not reloaded'
    printf another >/etc/poller/secrets/ak
    check "a secret in a file is read again" systemctl reload poller
    check "a refused one is told as BLIND" within 60 status_says 'blind: prod'
    printf SIMULATEDACCESSKEY00 >/etc/poller/secrets/ak
    systemctl reload poller
    check "and the right one recovers" within 90 not status_says blind
}

step_crash() {
    local before; before=$(property NRestarts)
    systemctl kill -s KILL poller
    check "after kill -9 it is started again" within 60 more_restarts_than "$before"
    drop_in watchdog 'WatchdogSec=10s\n'; systemctl restart poller; before=$(property NRestarts)
    check "the watchdog is fed" bash -c "sleep 21; [ \$(systemctl show -P NRestarts poller) = $before ]"
    kill -STOP "$(property MainPID)"
    check "a process that stands still is started again" within 90 more_restarts_than "$before"
    check "systemd says that it was the watchdog" within 10 log_says '[Ww]atchdog timeout'
    check "and works" within 60 works
    no_drop_in watchdog; systemctl restart poller
    begin_anew; systemctl kill -s KILL poller; within 60 quietly ready
    check "nothing is owed in the end" within 300 nothing_owed
}

step_schema() {
    systemctl stop poller; local jobs events; mark=$(since)
    jobs=$(cd / && poller jobs list --json | wc -l); events=$(sqlite3 $state/poller.db 'select count(*) from events')
    /opt/poller/bin/python "$here/age.py" $state/poller.db
    check "the database is as the first version left it" is schema "$(sqlite3 $state/poller.db 'select version_num from alembic_version')" 0001
    check "the new version starts with it" systemctl start poller
    check "and says so" within 20 log_says 'the schema was upgraded.*before=0001'
    check "a copy of the old one is kept, 0600" is mode "$(stat -c %a $state/poller.db.0001.*.before-upgrade | sort -u)" 600
    check "all jobs are there" is jobs "$(cd / && poller jobs list --json | wc -l)" "$jobs"
    check "and all events" bash -c "[ \$(sqlite3 -readonly $state/poller.db 'select count(*) from events') -ge $events ]"
    check "it works" within 60 works
    check "root's upgrade of a new file leaves it to the service" bash -c "systemctl stop poller && mv $state/poller.db $state/aside && rm -f $state/poller.db* && cd / && poller db upgrade && stat -c %U $state/poller.db $state/poller.db.lock | sort -u | grep -qx \$(stat -c %U $state) && mv $state/aside $state/poller.db && systemctl start poller"
    newer_is_refused
}
newer_is_refused() {
    systemctl stop poller; cp -a $state/poller.db /var/tmp/poller-whole.db; mark=$(since)
    sqlite3 $state/poller.db "update alembic_version set version_num = '9999'"
    systemctl --no-block start poller
    check "a newer schema is refused, with the way out" within 30 log_says 'newer'
    systemctl stop poller; cp -a /var/tmp/poller-whole.db $state/poller.db; rm -f $state/poller.db-wal $state/poller.db-shm; systemctl start poller
}

step_backup() {
    rm -f /var/tmp/poller-copy.db
    check "a backup while it runs" bash -c 'cd / && poller db backup /var/tmp/poller-copy.db'
    check "is whole" is integrity "$(sqlite3 /var/tmp/poller-copy.db 'pragma integrity_check')" ok
    check "old rows are removed while it runs" bash -c 'cd / && poller db prune'
    begin_anew; within 60 quietly ready; sleep 20
    systemctl stop poller; rm -f $state/poller.db $state/poller.db-wal $state/poller.db-shm
    install -m 600 /var/tmp/poller-copy.db $state/poller.db; chown --reference=$state $state/poller.db
    check "restored, it starts" systemctl start poller
    check "and goes on" within 60 works
    check "nothing is owed in the end" within 300 nothing_owed
    check "what was told again had the ids that it had" bash -c "[ \$(sort $told | wc -l) -gt \$(sort -u $told | wc -l) ]"
}

step_postgresql() {
    check "PostgreSQL installs" apt install postgresql
    systemctl start postgresql; within 60 quietly runuser -u postgres -- psql -qc 'SELECT 1'
    quietly runuser -u postgres -- psql -qc 'CREATE ROLE poller LOGIN' -c 'CREATE DATABASE poller OWNER poller'
    store='postgresql://poller@/poller?host=/run/postgresql'; write_config; store=; mark=$(since)
    check "it starts with PostgreSQL, by its own user" systemctl restart poller
    check "and works" within 90 works
    systemctl stop postgresql
    check "a server that is away is said" within 90 log_says 'the database does not take part'
    systemctl start postgresql
    check "it goes on when the server is back" within 90 log_says 'the database takes part again'
    check "nothing is owed in the end" within 300 nothing_owed
    write_config; systemctl restart poller
}
