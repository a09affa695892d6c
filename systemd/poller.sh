#!/bin/sh
# poller, as the operator of the service needs it: where the service's configuration is meant, its folders are meant too.
case " $* " in *" --config"*) POLLER_NAMED=1 ;; esac
if [ -z "${POLLER_NAMED:-}${POLLER_CONFIG:-}" ] && [ ! -e poller.toml ]; then
    export STATE_DIRECTORY="${STATE_DIRECTORY:-/var/lib/poller}" RUNTIME_DIRECTORY="${RUNTIME_DIRECTORY:-/run/poller}"
    if [ -d /run/credentials/poller.service ]; then
        export CREDENTIALS_DIRECTORY="${CREDENTIALS_DIRECTORY:-/run/credentials/poller.service}"
    fi
fi
exec /opt/poller/bin/poller "$@"
