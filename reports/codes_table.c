/*
 * codes_table.c - the texts of all codes, and nothing else.
 *
 * Order within a group is the order in which a reader meets them.  Examples name shipped scenarios,
 * so that each can be tried.
 */
#include "reports/codes.h"

/* clang-format off */
const struct code code_table[] = {
    /* ---- how a migration ends ---- */
    {"E-NOTARGET", CODES_OUTCOMES, "no host may take the VM",
     "Every other host was refused: by what it is (labels, taints, CPU model, storage, network, devices), by what is "
     "left of it (memory, CPUs, huge pages), by rules between VMs, or because it is cordoned or down.",
     "The reason counts hosts by what they lack: 'no target: 3 hosts, 2 lack CPU model X, 1 short of 12 GiB'. "
     "'migcast explain vm NAME' names the hosts that come nearest. On KubeVirt the target pod stays Pending "
     "(FailedScheduling); on oVirt the move is refused by the scheduler's filters.",
     "Short of memory: free or add that much on the host named as nearest, drain fewer hosts at a time, or move the large "
     "VMs first. CPU model: give the VMs a common older model, and restart them once. Labels and affinity: relax one rule "
     "for the time of the work. No setting of the migration itself helps.",
     "migcast run scenarios/full-cluster-deadlock.ini"},
    {"E-TIMEOUT", CODES_OUTCOMES, "a limit on its time ended the migration",
     "The completion timeout passed before the guest was over. What had been sent is lost, the guest stays where it was, and "
     "the platform may try again and meet the same end.",
     "The reason says which timeout and how long it was. 'limited by' says why the time did not do: the link or cap was too slow "
     "for one copy, or the guest writes faster than its pages leave.",
     "If it would have ended: a longer timeout, or fewer migrations on the link at a time. If it would not: more bandwidth, "
     "auto-converge, post-copy, or a quiet hour. 'smallest fix' names the least of each, found by simulation. KubeVirt counts "
     "each started 10^9 bytes as one GiB of completionTimeoutPerGiB.",
     "migcast explain vm db scenarios/harvester-timeout.ini"},
    {"E-PROGRESS", CODES_OUTCOMES, "no progress for too long: the platform gave up",
     "A monitor watches what remains to be sent, and ended the migration when that had not reached a new low for the progress "
     "timeout, or when its stall detector saw no end.",
     "In the rounds, 'remaining' goes up and down around one level. On KubeVirt: 'Live migration stuck'; oVirt: stalling "
     "and then aborting.",
     "Progress stops when the guest writes as fast as its pages leave: more bandwidth, auto-converge or post-copy. A longer "
     "progress timeout only helps a guest with calm phases, and it must be longer than a busy one.",
     "migcast help options progress_timeout"},
    {"E-NEVER", CODES_OUTCOMES, "pre-copy never converges",
     "In each round as much becomes dirty as was sent, so what remains never fits the downtime limit. Nothing ends the migration: it "
     "was simulated for four times the horizon and had not ended then.",
     "'remaining' in the rounds stays level and above 'threshold'. In QEMU, dirty-pages-rate times 4096 stays near the mbps that are sent.",
     "Below the critical dirty rate named as 'smallest fix' it converges; else more bandwidth, a longer downtime limit, "
     "auto-converge, post-copy, or the static way with the guest shut down.",
     "migcast run scenarios/virsh-script.ini"},
    {"E-QUEUED", CODES_OUTCOMES, "still waiting when the simulated time is over",
     "The move was asked for and never began: limits on migrations at a time, others before it, or no host with room yet.",
     "'migcast explain vm NAME' shows which limit held it, who had the slots and how many stood before it.",
     "A longer horizon shows when it would go. To have it go sooner: more at a time if the link carries it, a priority, or "
     "an earlier end of the migrations before it (E-NEVER and E-TIMEOUT there hold up all behind).",
     "migcast run scenarios/virsh-script.ini"},
    {"E-RUNNING", CODES_OUTCOMES, "still migrating when the simulated time is over",
     "The horizon of the scenario came before the end of the migration.",
     "The outcome is 'queued' with a start and without an end. If it would not end in four times that time either, the reason is "
     "'never converges' and the code E-NEVER.",
     "Raise [scenario] horizon to see its end; 'smallest fix' says to what.",
     "migcast help options horizon"},
    {"E-CANCELLED", CODES_OUTCOMES, "the migration was cancelled",
     "A request's cancel time came, the operation that wanted it was given up, or its host went into maintenance.",
     "The reason says who cancelled. What had been sent is lost; the guest stays at the source.",
     "If the scenario asks for it, nothing is wrong. Else look at the operation: 'migcast explain op NAME'.",
     "migcast help options cancel_at"},
    {"E-REFUSED", CODES_OUTCOMES, "the platform does not migrate this VM",
     "It was refused before a host was looked for: pinned, a device of its host, a disk that cannot be shared, an eviction strategy "
     "that forbids it, already migrating, or its host is down.",
     "The reason is in the platform's words: 'LiveMigratable is false: HostDeviceNotLiveMigratable'.",
     "Detach the device, unpin the VM, change its eviction strategy, or plan a stop: such a VM blocks the drain of its host.",
     "migcast run scenarios/harvester-maintenance.ini"},
    {"E-FAILED", CODES_OUTCOMES, "the migration broke off; the guest still runs at the source",
     "A host or link failed, or the connection carried nothing for the TCP timeout.",
     "The reason names the fault. Before post-copy nothing is lost but time.",
     "Repeat it when the fault is over. A link that fails often asks for fewer, shorter migrations.",
     "migcast run scenarios/host-failure.ini"},
    {"E-LOST", CODES_OUTCOMES, "the guest is lost",
     "In post-copy its memory is on two hosts; when one dies, or the link breaks and is not recovered, no whole guest is left.",
     "Outcome 'failed', reason with 'guest lost'. It starts again elsewhere only with high availability, from its disks.",
     "Weigh the time spent in post-copy (hazard E-POSTCOPY) against how often hosts fail. Let post-copy begin late, when little "
     "is missing, and use post-copy recovery where the platform knows it.",
     "migcast run scenarios/host-failure.ini"},
    /* ---- hazards ---- */
    {"E-DRAIN", CODES_HAZARDS, "a drain that never ends",
     "A VM of the host is tried again and again and ends the same way each time, or is refused for good; the drain waits for it "
     "for ever.",
     "The same VM with the same reason in attempt after attempt. On Kubernetes 'kubectl drain' repeats 'Cannot evict pod'.",
     "'migcast explain vm NAME' for the VM that the hazard names. Fix its own failure, shut it down, or leave it out with "
     "'stuck = skip' and 'max_wait' of the operation.",
     "migcast run scenarios/kubevirt-endless-drain.ini"},
    {"E-DEADLOCK", CODES_HAZARDS, "the cluster is too full to begin",
     "Waiting VMs fit on no host, nothing moves, and so nothing will make room. The cluster may be full, or its free memory "
     "in pieces: enough in all, too little on any one host.",
     "All waiting reasons say 'short of', and no migration runs.",
     "Shut down or resize one VM, add a host, or let hosts overcommit for the time of the work. For the next time: keep the memory "
     "of the largest host free (scenarios/n-plus-1.ini).",
     "migcast run scenarios/full-cluster-deadlock.ini"},
    {"E-TIMEOUTALL", CODES_HAZARDS, "the timeout ends every migration",
     "The time allowed for each GiB asks for more bandwidth than a migration gets.",
     "All attempts, or all of a class, end as timeout, often in round 1.",
     "Divide: at 20 s a GiB each migration needs 54 MB/s for itself, so k at a time need k times that. Fewer at a time, a faster "
     "link, or a longer timeout.",
     "migcast run scenarios/kubevirt-hco-20s.ini"},
    {"E-DISK", CODES_HAZARDS, "a disk is never ready, so memory is not begun",
     "A disk that is copied along is written as fast as it is copied.",
     "The migration stays in the mirror phase; 'disks' grows and rounds stay 0.",
     "A mirror that blocks writes, a higher limit for the copy, shared storage, or a quiet hour.",
     "migcast run scenarios/storage-migration.ini"},
    {"E-FROZEN", CODES_HAZARDS, "guests stand still for 10 s or longer",
     "A timeout suspended the guest until it had moved, a downtime limit was raised far, or the link stalled in the blackout.",
     "'no vCPU runs for' in the report of the VM, or blackout_ms in the rows.",
     "Clients give up long before. Let the timeout cancel, or use post-copy in its place; bound the downtime limit.",
     "migcast run scenarios/cloudpods-freeze.ini"},
    {"E-LIMIT", CODES_HAZARDS, "a downtime limit was raised beyond what guests bear",
     "The platform raises the limit while a migration does not converge, without asking what the guest's clients bear.",
     "The downtime limit at the end is far above the one at the start; see the log of the VM.",
     "A policy with a highest limit, or one that gives up in time.",
     "migcast run scenarios/proxmox-doubling.ini"},
    {"E-POSTCOPY", CODES_HAZARDS, "guests run on two hosts at once",
     "In post-copy the memory of a guest is at both ends; a fault of either host then loses it.",
     "The hazard adds up the time and names the longest.",
     "Multiply that time with how often a host or link fails: if the product is small, all is well.",
     "migcast run scenarios/ovirt-schedules.ini"},
    {"E-CROWD", CODES_HAZARDS, "many streams into one card",
     "Sources send few each, and the target has no limit of its own, so one host takes them all.",
     "Several migrations into one host at a time, all limited by the link.",
     "A limit on what goes into a host, another weigher, or named targets.",
     "migcast run scenarios/kubevirt-inbound.ini"},
    /* ---- goals ---- */
    {"E-THRESHOLD", CODES_GOALS, "a threshold of the scenario was crossed",
     "A goal of [thresholds] does not hold. Of severity error it makes the exit code 99.",
     "'CROSSED' with value, limit and line under Thresholds.",
     "'migcast explain SCENARIO --sensitivity' says which input moves it most, 'migcast plan' which setting meets it.",
     "migcast run scenarios/noisy-network.ini"},
    {"E-SAMPLE", CODES_GOALS, "too few migrations for the claim",
     "The interval of the measured value holds the limit, or the percentile lies beyond the rows: p99 of 20 migrations is their "
     "largest.",
     "'too few migrations to be sure' beside the threshold.",
     "More replications (-n), or a milder percentile.",
     "migcast run scenarios/uncertain.ini -n 400"},
    /* ---- the program ---- */
    {"E-USAGE", CODES_PROGRAM, "the command line is wrong",
     "An option or argument is unknown, missing or not of the kind that is asked for.",
     "Exit code 64; the message names the word and the nearest right one.",
     "'migcast help SUBCOMMAND'.",
     "migcast help run"},
    {"E-INPUT", CODES_PROGRAM, "a scenario, trace, database or value is wrong",
     "The file was read and something in it has no sense: an unknown key, a missing unit, a name that does not exist.",
     "Exit code 65; 'FILE:LINE: [SECTION] KEY: what is wrong; hint'.",
     "Correct the line. 'migcast validate' checks without running; 'migcast help options KEY' says what a key takes; 'migcast "
     "config show --origin' where a value comes from.",
     "migcast validate scenarios/first.ini"},
    {"E-OUTPUT", CODES_PROGRAM, "a result could not be written",
     "The disk is full, the place is read-only, or the reader of a pipe has gone.",
     "Exit code 74; the message names the file. A file of -o is whole or not there.",
     "Another place (-o, --db), or --no-db.",
     "migcast run scenarios/first.ini --no-db"},
    {"E-BUSY", CODES_PROGRAM, "busy for the moment",
     "Another process holds the database for longer than migcast waits.",
     "Exit code 75.",
     "Run it again, or keep the rows in a file of their own (--db).",
     "migcast run scenarios/first.ini --db mine.db"},
    {"E-MEMORY", CODES_PROGRAM, "memory ran out",
     "Rows of all replications are kept until the report is made.",
     "Exit code 75.",
     "Fewer replications at a time, or fewer requests.",
     "migcast run scenarios/uncertain.ini -n 10"},
    {"E-INTERRUPTED", CODES_PROGRAM, "interrupted; what was finished is kept",
     "A signal asked the program to end.",
     "Exit code 130; the report speaks of the replications that were finished.",
     "A second signal ends it at once, without a result.",
     "migcast help run"},
    {"E-DIFF", CODES_PROGRAM, "differences were found",
     "'diff --exit-code' was asked to say so.",
     "Exit code 2.",
     "Read the lines with + - and ~.",
     "migcast diff scenarios/first.ini scenarios/autoconverge.ini --exit-code"},
    {"E-INTERNAL", CODES_PROGRAM, "a fault of the program",
     "Something that cannot happen did.",
     "Exit code 1, or a failed assertion.",
     "Please report it with the scenario and the seed: the same two give the same fault.",
     "migcast --version"},
    {0},
};
/* clang-format on */
