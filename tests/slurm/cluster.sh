# A real Slurm on this machine: munged, slurmctld and two slurmd, on loopback, in the folder $SLURM_HERE. Sourced; needs root.
#   cluster_up, cluster_down    node_up NODE, node_kill NODE (with all that runs on it)
PORT=${TESSERA_SLURM_PORT:-16817}
export SLURM_CONF=$SLURM_HERE/slurm.conf

cluster_configure() {
    host=$(hostname -s)
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
SlurmdTimeout=10
SlurmctldTimeout=30
InactiveLimit=0
Waittime=0
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2,sched_interval=1,batch_sched_delay=0
PropagateResourceLimitsExcept=MEMLOCK
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((PORT + 4)) CPUs=2 RealMemory=4000 State=UNKNOWN
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((PORT + 5)) CPUs=2 RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=01:00:00 DefaultTime=00:10:00 State=UP OverSubscribe=NO
END
    printf 'CgroupAutomount=no\nConstrainCores=no\nConstrainRAMSpace=no\n' >"$SLURM_HERE/cgroup.conf"
}

# poll SECONDS COMMAND...: until it succeeds
poll() {
    for i in $(seq "$(($1 * 5))"); do "${@:2}" && return; sleep 0.2; done
    return 1
}
node_is() { [ "$(sinfo -h -n "$1" -N -o %t 2>/dev/null)" = "$2" ]; }
node_up() { slurmd -f "$SLURM_CONF" -N "$1"; }

# The daemon first, so that it cannot tell the controller; then the steps it left, which name the node.
node_kill() {
    kill -9 "$(cat "$SLURM_HERE/run/$1.pid")"
    for pid in $(pids_of_node "$1"); do kill -9 "$pid" 2>/dev/null || true; done
}
# Everything that Slurm started on a node has the node's name in its environment.
pids_of_node() {
    for at in /proc/[0-9]*; do
        grep -qzx "SLURMD_NODENAME=$1" "$at/environ" 2>/dev/null &&
            grep -qzx "SLURM_CONF=$SLURM_CONF" "$at/environ" 2>/dev/null && echo "${at#/proc/}"
    done
    return 0
}

cluster_up() {
    cluster_configure
    munged --force --key-file="$SLURM_HERE/munge/key" --socket="$SLURM_HERE/run/munge.sock" \
        --pid-file="$SLURM_HERE/run/munged.pid" --log-file="$SLURM_HERE/log/munged.log" --seed-file="$SLURM_HERE/munge/seed"
    slurmctld -f "$SLURM_CONF"
    node_up n1
    node_up n2
    poll 20 node_is n1 idle && poll 20 node_is n2 idle
}

cluster_down() {
    [ -e "$SLURM_CONF" ] || return 0
    scancel -u "$(id -un)" 2>/dev/null || true
    poll 10 no_jobs || true
    for name in n1 n2 ctld munged; do
        pid=$(cat "$SLURM_HERE/run/$name.pid" 2>/dev/null) || continue
        kill "$pid" 2>/dev/null || continue
        poll 5 not_running "$pid" || kill -9 "$pid" 2>/dev/null || true
    done
}
no_jobs() { [ -z "$(squeue -h 2>/dev/null)" ]; }
not_running() { ! kill -0 "$1" 2>/dev/null || grep -qs '^State:.Z' "/proc/$1/status"; }
