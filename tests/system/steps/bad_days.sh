# What goes wrong with a machine. Each step: it is said, health says so, nothing is lost, and it goes on by itself.

step_disk() {
    systemctl stop poller
    mkdir -p /var/tmp/poller-kept; cp -a $state/. /var/tmp/poller-kept/
    mount -t tmpfs -o size=$(($(stat -c %s $state/poller.db) / 1024 + 49152))k,mode=700,uid="$(stat -c %u $state)",gid="$(stat -c %g $state)" tmpfs $state; cp -a /var/tmp/poller-kept/poller.db $state/
    systemctl start poller; within 60 quietly works; begin_anew
    mark=$(since); dd if=/dev/zero of=$state/filler bs=64k 2>/dev/null
    check "a full disk is said" within 120 log_says 'the database does not take part.*no space left'
    check "health says so" within 120 unhealthy
    check "it runs on" running
    rm $state/filler
    check "it goes on when there is space" within 60 log_says 'the database takes part again'
    check "health is good again" within 60 healthy
    check "nothing is owed in the end" within 300 nothing_owed
    systemctl stop poller; mount -o remount,ro $state; mark=$(since); systemctl --no-block start poller
    check "a read-only folder is said, with the remedy" within 30 log_says 'writable'
    mount -o remount,rw $state
    check "it starts by itself when it is writable" within 60 works
    systemctl stop poller; umount $state; rm -rf /var/tmp/poller-kept; systemctl start poller; within 60 quietly works
}

step_readonly() { # a file system that found an error makes itself read-only under the daemon
    if ! ext4_on_loop; then skip "a file system that turns read-only: no loop device, or no ext4 in the kernel"; return; fi
    systemctl stop poller; cp -a $state/poller.db /var/tmp/poller-whole.db
    mount -o errors=remount-ro $loop $state; chown --reference=/var/tmp/poller-whole.db $state; chmod 700 $state; cp -a /var/tmp/poller-whole.db $state/poller.db
    systemctl start poller; within 60 quietly works; begin_anew; mark=$(since)
    mkdir -p /run/trial-sysfs; mount -t sysfs sysfs /run/trial-sysfs
    echo 1 >/run/trial-sysfs/fs/ext4/"$(basename $loop)"/trigger_fs_error; umount /run/trial-sysfs
    check "a file system that turned read-only under it is said" within 60 log_says 'the database does not take part'
    check "health says so" within 120 unhealthy
    check "it runs on" running
    check "without a storm in the log" logged_at_most 6 'does not take part'
    check "it stops in time, and cleanly" bash -c "timeout 25 systemctl stop poller && systemctl show -P Result poller | grep -x success"
    umount $state; quietly e2fsck -fp $loop; mount $loop $state
    check "once repaired it starts, and works" eval 'systemctl start poller && within 60 works'
    check "nothing is owed in the end" within 300 nothing_owed
    systemctl stop poller; cp -a $state/poller.db /var/tmp/poller-whole.db; umount $state; losetup -d $loop; rm -f /var/tmp/poller.img
    rm -f $state/poller.db-wal $state/poller.db-shm; cp -a /var/tmp/poller-whole.db $state/poller.db; systemctl start poller; within 60 quietly works
}
ext4_on_loop() {
    loop=/dev/loop40; truncate -s 64M /var/tmp/poller.img && quietly mkfs.ext4 -q /var/tmp/poller.img || return 1
    [ -e /dev/loop-control ] || quietly mknod /dev/loop-control c 10 237; [ -e $loop ] || quietly mknod $loop b 7 40
    quietly losetup $loop /var/tmp/poller.img
}

step_locked() {
    drop_in watchdog 'WatchdogSec=20s\n'; systemctl restart poller; within 60 quietly works; begin_anew
    local before; before=$(property NRestarts); mark=$(since)
    printf '.timeout 10000\nBEGIN EXCLUSIVE;\n.shell sleep 110\nROLLBACK;\n' | sqlite3 $state/poller.db & local locker=$!
    check "a database that another program has locked is said" within 60 log_says 'the database does not take part.*locked'
    check "health says so" within 100 unhealthy
    wait $locker
    check "the watchdog was fed" is restarts "$(property NRestarts)" "$before"
    check "it goes on when the lock is gone" within 60 log_says 'the database takes part again'
    check "health is good again" within 60 healthy
    check "nothing is owed in the end" within 300 nothing_owed
    no_drop_in watchdog; systemctl restart poller
}

step_clock() { # of the daemon alone: hours ahead, hours behind, right again; with a credential that has no time in it, then with one
    check "a clock that can be set is built (clock.c)" clock_built
    drop_in clock 'Environment=LD_PRELOAD=/usr/local/lib/trial-clock.so TRIAL_CLOCK=/run/trial-clock\n'
    auth='{ method = "token", token = "simulated-static-token" }'; write_config; auth=; systemctl restart poller
    check "it works with a clock that can be set" within 60 eval 'ready && works'
    local before restarts hours; restarts=$(property NRestarts)
    for hours in 6 -6 0; do
        mark=$(since); set_clock $hours; begin_anew; before=$(events_told)
        check "the clock is $hours hours ahead: events go on arriving" within 60 told_at_least $((before + 20))
        check "health is good" healthy
        [ $hours != -6 ] || check "that it was set back is said" within 20 log_says 'the clock was set back.*seconds=43'
        check "nothing is owed in the end" within 300 nothing_owed
    done
    write_config; systemctl restart poller; within 60 quietly works
    mark=$(since); set_clock 6
    check "6 hours ahead, and the vendor refuses signatures: the reason names the clock" within 120 log_says 'source cannot be read.*(clock|expired)'
    check "health is good all the same" healthy
    set_clock 0 # seconds, unless the machine is so slow that the vendor has refused 6 in a row, and locked the key: then the 10th gets in, after 635 s
    check "right again, it recovers by itself" within 700 log_says 'source can be read again'
    check "the watchdog had nothing to say" is restarts "$(property NRestarts)" "$restarts"
    no_drop_in clock; systemctl restart poller; begin_anew
    check "nothing is owed in the end" within 300 nothing_owed
}
clock_built() { apt install gcc libc6-dev && cc -shared -fPIC -O2 -o /usr/local/lib/trial-clock.so "$here/clock.c" -ldl && set_clock 0; }
set_clock() { # hours; written in place, since the daemon has it mapped
    python3 -c 'import struct, sys; file = open("/run/trial-clock", "r+b" if sys.argv[2] else "wb"); file.write(struct.pack("q", int(sys.argv[1]) * 3600))' \
        "$1" "$(ls /run/trial-clock 2>/dev/null)"
    chmod 644 /run/trial-clock
}

step_names() {
    sed -i '/upstream.test/d' /etc/hosts; cp /etc/hosts /var/tmp/hosts.kept; cp /etc/resolv.conf /var/tmp/resolv.kept
    echo "127.0.0.1 upstream.test" >>/etc/hosts
    endpoint="http://upstream.test:${upstream#*:}"; write_config; endpoint=; systemctl reload poller; mark=$(since)
    check "a name is resolved under the unit" within 60 eval 'ready && works'
    no_names_for "a name that is gone"
    systemd-run -q --collect --unit trial-mute python3 -c 'import socket, time; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.54", 53)); time.sleep(900)'
    echo 'nameserver 127.0.0.54' >/etc/resolv.conf
    no_names_for "a name server that is mute"
    systemctl stop trial-mute; cp /var/tmp/resolv.kept /etc/resolv.conf; cp /var/tmp/hosts.kept /etc/hosts; write_config; systemctl reload poller
}
no_names_for() { # an open connection needs no name, and a look-up is remembered for 10 s
    mark=$(since); cp /var/tmp/hosts.kept /etc/hosts; systemctl stop trial-upstream; sleep 12; props
    check "$1 is told as BLIND" within 120 log_says 'source cannot be read'
    check "health is good all the same" healthy
    check "without a storm in the log" logged_at_most 2 'cannot be read'
    echo "127.0.0.1 upstream.test" >>/etc/hosts
    check "it recovers by itself" within 150 log_says 'source can be read again'
    check "nothing is owed in the end" within 300 nothing_owed
}

step_descriptors() { # strangers are turned away; callers of the control socket take them all
    local few; mark=$(since); few=$(property MainPID)
    systemd-run -q --collect --unit trial-crowd -p LimitNOFILE=20000 python3 "$here/crowd.py" $web 2000
    check "of 2,000 strangers at the door most are turned away" within 60 log_says 'connections are turned away'
    check "and the daemon keeps its descriptors" test "$(ls /proc/$few/fd | wc -l)" -lt 400
    systemctl stop trial-crowd
    drop_in descriptors 'LimitNOFILE=10000\n'; systemctl restart poller; within 60 quietly works
    local pid before; pid=$(property MainPID); before=$(property NRestarts); mark=$(since)
    systemd-run -q --collect --unit trial-crowd -p LimitNOFILE=20000 python3 "$here/crowd.py" /run/poller/poller.sock 10200
    check "10,000 descriptors are taken" within 60 bash -c "[ \$(ls /proc/$pid/fd | wc -l) -ge 9900 ]"
    begin_anew; systemctl restart trial-sink
    check "it says so, or gives them back" within 120 log_says 'file descriptors run short'
    check "it is the same process, and it runs" is pid "$(property MainPID)" "$pid"
    check "without a storm in the log" logged_at_most 20 'level=(warning|error)'
    systemctl stop trial-crowd; mark=$(since)
    check "when they are free again it recovers by itself" within 200 eval 'ready && works'
    check "nothing is owed in the end" within 300 nothing_owed
    check "and none is kept" within 60 bash -c "[ \$(ls /proc/$pid/fd | wc -l) -lt 100 ]"
    no_drop_in descriptors; systemctl restart poller
}

step_memory() {
    if systemd_limits_memory; then
        drop_in memory 'MemoryMax=40M\nMemorySwapMax=0\nRestartSec=1s\n'; mark=$(since)
        systemctl --no-block restart poller
        check "too little memory: it is killed, and systemd says why" within 60 log_says 'oom-kill'
        check "and started again" within 30 log_says 'restart counter is at'
        no_drop_in memory; systemctl restart poller
        check "with enough it works" within 60 works
    else
        skip "MemoryMax=: this systemd has no memory controller, the kernel's is used by hand"
    fi
    local before; before=$(property NRestarts); mark=$(since)
    take_memory_away; begin_anew
    check "memory that is taken away under it: it is killed" within 120 log_says 'oom-kill|code=killed, status=9/KILL'
    give_memory_back
    check "it is back by itself" within 90 more_restarts_than "$before"
    check "and works" within 90 works
    check "nothing is owed in the end" within 300 nothing_owed
    check "it uses less than 250 MB" awk '/^VmRSS/ { print; exit !($2 < 250000) }' "/proc/$(property MainPID)/status"
}
systemd_limits_memory() { [[ "$(property MemoryCurrent)" =~ ^[0-9]+$ ]]; }
take_memory_away() {
    if systemd_limits_memory; then systemctl set-property --runtime poller MemoryMax=40M MemorySwapMax=0; return; fi
    mkdir -p /run/trial-memory; mountpoint -q /run/trial-memory || mount -t cgroup -o memory cgroup /run/trial-memory
    mkdir -p /run/trial-memory/trial; echo 1M >/run/trial-memory/trial/memory.limit_in_bytes # of what it takes from now on
    property MainPID >/run/trial-memory/trial/cgroup.procs
}
give_memory_back() {
    if systemd_limits_memory; then systemctl set-property --runtime poller MemoryMax=infinity MemorySwapMax=infinity; return; fi
    rmdir /run/trial-memory/trial; umount /run/trial-memory; rmdir /run/trial-memory
}

step_damage() {
    systemctl stop poller; cp -a $state/poller.db /var/tmp/poller-whole.db; mark=$(since)
    dd if=/dev/urandom of=$state/poller.db bs=1k count=64 conv=notrunc 2>/dev/null; rm -f $state/poller.db-wal $state/poller.db-shm
    quietly systemctl start poller
    check "a damaged database is said, with the remedy" within 30 log_says 'damaged.*backup'
    systemctl stop poller; cp -a /var/tmp/poller-whole.db $state/poller.db
    check "restored, it starts" systemctl start poller
    check "and works" within 60 works
    within 60 quietly ready; begin_anew; mark=$(since)
    dd if=/dev/urandom of=$state/poller.db bs=4k seek=2 count=200 conv=notrunc 2>/dev/null
    check "damage under the running daemon is said too" within 180 log_says 'damaged'
    systemctl stop poller; rm -f $state/poller.db-wal $state/poller.db-shm; cp -a /var/tmp/poller-whole.db $state/poller.db; systemctl start poller
    check "restored, it works" within 60 works
    check "nothing is owed in the end" within 300 nothing_owed
}
