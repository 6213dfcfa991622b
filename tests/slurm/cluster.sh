# A real Slurm on this machine: munged, slurmctld and two slurmd, on loopback, in the folder $SLURM_HERE. Sourced; needs root.
#   cluster_up, cluster_down    node_up NODE, node_kill NODE (with all that runs on it)
#   cluster_lets_go SECONDS     after which a silent node counts as lost: for ever, until a test wants to lose one
. "$(dirname "${BASH_SOURCE[0]}")/../patience.sh"
export SLURM_CONF=$SLURM_HERE/slurm.conf
FOR_EVER=3600

# Three ports in a row that nobody listens to, below those that the kernel gives away itself.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 10000))
        listens $port || listens $((port + 1)) || listens $((port + 2)) || break
    done
    echo $port
}
listens() { (: </dev/tcp/127.0.0.1/"$1") 2>/dev/null; }

cluster_configure() {
    host=$(hostname -s)
    PORT=${TESSERA_SLURM_PORT:-$(free_port)}
    mkdir -p "$SLURM_HERE"/{ctld,n1,n2,log,munge,run,tmp/n1,tmp/n2}
    chmod 755 "$SLURM_HERE" "$SLURM_HERE/run" # the socket is for everybody
    chmod 700 "$SLURM_HERE/munge"
    head -c 1024 /dev/urandom >"$SLURM_HERE/munge/key"
    chmod 600 "$SLURM_HERE/munge/key"
    cat >"$SLURM_CONF" <<END
ClusterName=tessera
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$PORT
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$SLURM_HERE/run/munge.sock
StateSaveLocation=$SLURM_HERE/ctld
SlurmdSpoolDir=$SLURM_HERE/%n
SlurmctldPidFile=$SLURM_HERE/run/ctld.pid
SlurmdPidFile=$SLURM_HERE/run/%n.pid
SlurmctldLogFile=$SLURM_HERE/log/ctld.log
SlurmdLogFile=$SLURM_HERE/log/%n.log
TmpFS=$SLURM_HERE/tmp/%n
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
JobRequeue=1
KillWait=5
MinJobAge=600
SlurmdTimeout=$FOR_EVER
SlurmctldTimeout=$FOR_EVER
MessageTimeout=100
BatchStartTimeout=$FOR_EVER
UnkillableStepTimeout=$FOR_EVER
InactiveLimit=0
Waittime=0
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2,sched_interval=1,batch_sched_delay=0
PropagateResourceLimitsExcept=MEMLOCK
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((PORT + 1)) CPUs=2 RealMemory=4000 State=UNKNOWN
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((PORT + 2)) CPUs=2 RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=01:00:00 DefaultTime=00:10:00 State=UP OverSubscribe=NO
END
    printf 'CgroupAutomount=no\nConstrainCores=no\nConstrainRAMSpace=no\n' >"$SLURM_HERE/cgroup.conf"
}

node_is() { [ "$(sinfo -h -n "$1" -N -o %t 2>/dev/null)" = "$2" ]; }
nodes_are_idle() { node_is n1 idle && node_is n2 idle; }
node_up() { slurmd -f "$SLURM_CONF" -N "$1"; }

# The daemon first, so that it cannot tell the controller; then the steps it left, which name the node.
node_kill() {
    kill -9 "$(cat "$SLURM_HERE/run/$1.pid")"
    kill_with "SLURMD_NODENAME=$1"
}
# Everything that Slurm started has the names of its node and its job in its environment.
pids_with() {
    for at in /proc/[0-9]*; do
        grep -qsazx "$1" "$at/environ" && grep -qsazx "SLURM_CONF=$SLURM_CONF" "$at/environ" && echo "${at#/proc/}"
    done
    return 0
}
kill_with() { for pid in $(pids_with "$1"); do kill -9 "$pid" 2>/dev/null || true; done; }
cluster_lets_go() {
    sed -i "s/^SlurmdTimeout=.*/SlurmdTimeout=$1/" "$SLURM_CONF"
    wait_for scontrol reconfigure
}

cluster_up() {
    cluster_configure
    munged --force --key-file="$SLURM_HERE/munge/key" --socket="$SLURM_HERE/run/munge.sock" \
        --pid-file="$SLURM_HERE/run/munged.pid" --log-file="$SLURM_HERE/log/munged.log" --seed-file="$SLURM_HERE/munge/seed"
    slurmctld -f "$SLURM_CONF"
    node_up n1
    node_up n2
    wait_for nodes_are_idle
}

# Goes on whatever fails: it must not be what a test fails by.
cluster_down() {
    local PATIENCE=20
    [ -e "$SLURM_CONF" ] || return 0
    scancel -u "$(id -un)" 2>/dev/null || true
    wait_for no_jobs || true
    for name in n1 n2 ctld munged; do
        pid=$(cat "$SLURM_HERE/run/$name.pid" 2>/dev/null) || continue
        kill "$pid" 2>/dev/null || continue
        wait_for not_running "$pid" || kill -9 "$pid" 2>/dev/null || true
    done
    for node in n1 n2; do kill_with "SLURMD_NODENAME=$node"; done
}
no_jobs() { queue=$(squeue -h 2>/dev/null) && [ -z "$queue" ]; }
not_running() { ! kill -0 "$1" 2>/dev/null || grep -qs '^State:.Z' "/proc/$1/status"; }
