-- schema.sql - what a migcast result file holds; schema version 6.
--
-- The unit ends each column's name: _ns (nanoseconds of simulated time), _bytes, _pages, _pct (0 to 100),
-- _ratio (0 to 1), _bytes_per_s, _pages_per_s.  Moments (*_ns that are not lengths) count from the start
-- of their replication.  NULL means unknown or never.  A count or rate that is not limited, or too large
-- for SQLite's 64-bit signed integer, is stored as 9223372036854775807.
--
-- PRAGMA application_id is 1296648003 ("MIGC") and PRAGMA user_version is the schema version.  A program
-- reads and writes exactly the version it knows.  Nothing here depends on when or where a run was made:
-- the same run gives the same rows.  A run and all its rows are written in one transaction.

-- One row a run: a scenario simulated with one seed.
CREATE TABLE run (
  run_id       INTEGER PRIMARY KEY,  -- 1, 2, 3 ... in the order of storing
  scenario     TEXT    NOT NULL,     -- path as given, or "quick"
  digest       TEXT    NOT NULL,     -- of the resolved inputs, hex
  version      TEXT    NOT NULL,     -- of the program
  seed         TEXT    NOT NULL,     -- decimal, 0 to 2^64-1 (more than an INTEGER holds)
  replications INTEGER NOT NULL CHECK (replications >= 0),  -- finished ones
  interrupted  INTEGER NOT NULL CHECK (interrupted IN (0, 1)),
  migrations   INTEGER NOT NULL CHECK (migrations >= 0)     -- rows of this run in table migration
) STRICT;

-- One row a migration attempt, in the order of the run: replication, then job, then attempt.
CREATE TABLE migration (
  migration_id INTEGER PRIMARY KEY,  -- consecutive within a run
  run_id       INTEGER NOT NULL REFERENCES run (run_id) ON DELETE CASCADE,
  replication  INTEGER NOT NULL,     -- 0 is the first
  attempt      INTEGER NOT NULL,     -- 1 is the first
  job          INTEGER NOT NULL,     -- whose attempts these are; jobs of requests come first, from 0
  kind         TEXT,                 -- live cold suspend rescue restart
  vm           TEXT    NOT NULL,
  vm_class     TEXT,                 -- the [vm] section that it comes from
  source       TEXT,                 -- host
  target       TEXT,                 -- host
  platform     TEXT,
  outcome      TEXT    NOT NULL,     -- completed timeout cancelled failed rejected queued (no CHECK: it
                                     -- would take a quarter of the time of storing a row)
  reason       TEXT,                 -- of an outcome that needs one
  binding      TEXT    NOT NULL,     -- none link cap stream_cpu scan dirty_rate downtime_limit timeout fault
  queued_ns    INTEGER NOT NULL,     -- moment of the request
  started_ns   INTEGER,              -- moment of `migrate`
  ended_ns     INTEGER,              -- moment of the end
  setup_ns     INTEGER,              -- length, as QEMU's setup-time
  total_ns     INTEGER,              -- length, as QEMU's total-time
  downtime_ns  INTEGER,              -- length, as QEMU's downtime; NULL: the guest was never stopped
  blackout_ns  INTEGER,              -- length in which no vCPU ran on either side
  postcopy_ns  INTEGER,              -- length of post-copy
  postcopy_stall_ns    INTEGER,      -- vCPU time lost to missing pages, all vCPUs added
  expected_downtime_ns INTEGER,      -- QEMU's last estimate
  downtime_limit_ns    INTEGER,      -- in force at the end
  network_outage_ns       INTEGER,   -- without its passed-through card; NULL = never
  disk_ns      INTEGER,              -- length of copying disks before memory; part of total_ns
  disk_bytes              INTEGER NOT NULL,  -- copied of disks, beside transferred_bytes
  dirty_rate_pages_per_s  INTEGER NOT NULL,  -- QEMU's last report
  transferred_bytes       INTEGER NOT NULL,
  precopy_bytes           INTEGER NOT NULL,
  downtime_bytes          INTEGER NOT NULL,
  postcopy_bytes          INTEGER NOT NULL,
  normal_pages            INTEGER NOT NULL,
  zero_pages              INTEGER NOT NULL,
  rounds                  INTEGER NOT NULL,  -- as QEMU's dirty-sync-count
  max_throttle_pct        INTEGER NOT NULL,
  guest_slowdown_ratio    REAL,              -- share of the guest's work lost over the migration
  convergence_bytes_per_s INTEGER            -- smallest bandwidth at which it would have converged
) STRICT;

CREATE INDEX migration_of_run ON migration (run_id);

-- One row a round of a migration, where the run recorded rounds.
CREATE TABLE round (
  migration_id    INTEGER NOT NULL REFERENCES migration (migration_id) ON DELETE CASCADE,
  round           INTEGER NOT NULL,  -- 1 is the full copy
  start_ns        INTEGER NOT NULL,  -- moment of the sync that opened it
  duration_ns     INTEGER NOT NULL,
  wire_bytes      INTEGER NOT NULL,  -- payload after zero pages and compression
  sent_pages      INTEGER NOT NULL,
  dirtied_bytes   INTEGER NOT NULL,  -- newly dirty at the sync that closed it
  remaining_bytes INTEGER NOT NULL,  -- known dirty just after that sync
  threshold_bytes INTEGER NOT NULL,  -- switchover threshold at that sync
  throttle_pct    INTEGER NOT NULL,  -- in force during the round
  PRIMARY KEY (migration_id, round)
) STRICT, WITHOUT ROWID;

-- One row a line of the run's log, in the platform's own words, where the run kept one.
CREATE TABLE event (
  run_id       INTEGER NOT NULL REFERENCES run (run_id) ON DELETE CASCADE,
  seq          INTEGER NOT NULL,     -- 1, 2, 3 ... by replication and time
  replication  INTEGER NOT NULL,
  at_ns        INTEGER NOT NULL,
  job          INTEGER,              -- NULL: about no job
  vm           TEXT,
  host         TEXT,
  what         TEXT    NOT NULL,
  PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

-- One row an operation (drain, upgrade ...) and replication.
CREATE TABLE operation (
  run_id       INTEGER NOT NULL REFERENCES run (run_id) ON DELETE CASCADE,
  seq          INTEGER NOT NULL,     -- 1, 2, 3 ... replication by replication, then as in the scenario
  name         TEXT    NOT NULL,
  kind         TEXT    NOT NULL,     -- drain maintenance upgrade evacuate rebalance consolidate
  replication  INTEGER NOT NULL,
  started_ns   INTEGER,              -- NULL: it never began
  ended_ns     INTEGER,              -- NULL: not over at the horizon
  hosts        INTEGER NOT NULL,
  hosts_done   INTEGER NOT NULL,
  hosts_given_up INTEGER NOT NULL,
  moves        INTEGER NOT NULL,     -- migrations that completed for it
  vms_left     INTEGER NOT NULL,     -- on hosts that still drain
  host         TEXT,                 -- one that is stuck, or was given up
  vm           TEXT,                 -- what it waits for
  reason       TEXT,
  PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

-- One row a kind of what planners fear, with its worst case.
CREATE TABLE hazard (
  run_id       INTEGER NOT NULL REFERENCES run (run_id) ON DELETE CASCADE,
  seq          INTEGER NOT NULL,
  kind         TEXT    NOT NULL CHECK (kind IN ('infinite_drain', 'deadlock', 'no_target',
                 'timeout_fails_all', 'never_converges', 'disk_never_ready', 'frozen_guests', 'limit_raised',
                 'lost_guests', 'postcopy_exposure', 'target_nic')),
  text         TEXT    NOT NULL,     -- for people
  vm           TEXT,                 -- the worst
  host         TEXT,
  replications INTEGER NOT NULL,     -- in which it shows
  PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

-- One row a link and change of its use, for the links used most in the replication of the median makespan.
CREATE TABLE link_use (
  run_id       INTEGER NOT NULL REFERENCES run (run_id) ON DELETE CASCADE,
  seq          INTEGER NOT NULL,     -- of the link: 1 is used most
  step         INTEGER NOT NULL,     -- from this step on, up to the next row; 0 is the first
  link         TEXT    NOT NULL,     -- for people
  replication  INTEGER NOT NULL,
  step_ns      INTEGER NOT NULL CHECK (step_ns > 0),  -- length of a step
  used_pct     INTEGER CHECK (used_pct BETWEEN 0 AND 100),  -- of what it can carry; NULL: the last step is over
  PRIMARY KEY (run_id, seq, step)
) STRICT, WITHOUT ROWID;

-- One row a value that a file, preset or option gave, up to 1000; the others have built-in defaults.
CREATE TABLE input (
  run_id       INTEGER NOT NULL REFERENCES run (run_id) ON DELETE CASCADE,
  seq          INTEGER NOT NULL,     -- 1, 2, 3 ...
  section      TEXT    NOT NULL,     -- "vm web"
  key          TEXT    NOT NULL,
  value        TEXT    NOT NULL,     -- as it counts
  file         TEXT    NOT NULL,     -- or preset, or "--set"
  line         INTEGER NOT NULL,     -- 0 = none
  nr_given     INTEGER NOT NULL,     -- how many there were
  PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

-- One row a threshold of the scenario, judged over the run.
CREATE TABLE threshold (
  run_id       INTEGER NOT NULL REFERENCES run (run_id) ON DELETE CASCADE,
  seq          INTEGER NOT NULL,     -- 1, 2, 3 ... in the order of the scenario
  text         TEXT    NOT NULL,     -- as written
  file         TEXT,                 -- where it is written
  line         INTEGER NOT NULL,     -- 0: on the command line
  unit         TEXT    NOT NULL CHECK (unit IN ('count', 'ns', 'bytes', 'ratio')),
  value        REAL,                 -- measured, in that unit; NULL: nothing to judge
  limit_value  REAL,                 -- in that unit
  severity     TEXT    NOT NULL CHECK (severity IN ('error', 'warning')),
  crossed      INTEGER NOT NULL CHECK (crossed IN (0, 1)),
  small_sample INTEGER NOT NULL CHECK (small_sample IN (0, 1)),  -- the limit is inside the interval: not decided
  low          REAL,                 -- 95 % interval of value; may be infinite
  high         REAL,
  n            INTEGER NOT NULL CHECK (n >= 0),  -- rows behind the value, or replications
  replications_needed INTEGER NOT NULL,          -- to decide it; 0: decided, or cannot be said
  PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

-- One row a change that would have let a migration end well, found by simulating it with the change.
CREATE TABLE fix (
  migration_id INTEGER NOT NULL REFERENCES migration (migration_id) ON DELETE CASCADE,
  change       TEXT    NOT NULL,     -- alone max_bandwidth link_rate multifd_channels downtime_limit
                                     -- completion_timeout progress_timeout horizon auto_converge postcopy write_rate
  value        REAL    NOT NULL,     -- bytes/s, bits/s (link_rate), ns, percent (auto_converge: the highest
                                     -- throttle), round (postcopy) or ratio (write_rate); 0 for alone
  total_ns     INTEGER,              -- length, of the migration with the change
  downtime_ns  INTEGER,
  PRIMARY KEY (migration_id, change)
) STRICT, WITHOUT ROWID;

-- One row a check: a scenario, or the forecasts of captures, compared with its baseline.
CREATE TABLE check_run (
  check_id     INTEGER PRIMARY KEY,  -- 1, 2, 3 ... in the order of storing
  name         TEXT    NOT NULL,     -- path of the scenario as given, or "traces"
  digest       TEXT    NOT NULL,     -- of the inputs, hex
  version      TEXT    NOT NULL,     -- of the program
  seed         TEXT    NOT NULL,     -- decimal
  samples      INTEGER NOT NULL CHECK (samples >= 0),  -- replications, or configurations of captures
  label        TEXT,                 -- what the caller calls it: a commit, a date
  verdict      TEXT    NOT NULL      -- regressed improved no_change new
) STRICT;

-- One row a measure of a check: those of the whole, and of VMs those that changed.
CREATE TABLE check_figure (
  check_id     INTEGER NOT NULL REFERENCES check_run (check_id) ON DELETE CASCADE,
  seq          INTEGER NOT NULL,     -- 1, 2, 3 ...
  measure      TEXT    NOT NULL,     -- as in thresholds: downtime.p99; of captures predict.total_error
  vm           TEXT,                 -- or class; NULL: of the whole
  unit         TEXT    NOT NULL CHECK (unit IN ('count', 'ns', 'bytes', 'ratio')),
  verdict      TEXT    NOT NULL,     -- regressed improved no_change unsure new gone
  before_value REAL,                 -- in that unit; mean over pairs
  now_value    REAL,
  low          REAL,                 -- 95 % interval of now - before
  high         REAL,
  p            REAL,                 -- corrected for being one of many
  PRIMARY KEY (check_id, seq)
) STRICT, WITHOUT ROWID;

-- One row a finished cell of a sweep: a scenario with one set of values, all its replications.  Cells
-- of all sweeps stand together and are used again by their key.
CREATE TABLE sweep_cell (
  cell         TEXT    PRIMARY KEY,  -- hash of all that the result depends on, hex
  digest       TEXT    NOT NULL,     -- of the resolved inputs, hex
  version      TEXT    NOT NULL,     -- of the program
  seed         TEXT    NOT NULL,     -- decimal
  replications INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row a measure of a cell.
CREATE TABLE sweep_figure (
  cell         TEXT    NOT NULL REFERENCES sweep_cell (cell) ON DELETE CASCADE,
  name         TEXT    NOT NULL,     -- as in thresholds: downtime.p99, class.web.timeouts.rate
  value        REAL,                 -- ns, bytes, ratio or count, as the metric is; NULL: no row has one
  low          REAL,                 -- 95 % interval; may be infinite
  high         REAL,
  n            INTEGER NOT NULL,     -- rows behind it, or replications
  PRIMARY KEY (cell, name)
) STRICT, WITHOUT ROWID;

-- One row a threshold of a cell.
CREATE TABLE sweep_goal (
  cell         TEXT    NOT NULL REFERENCES sweep_cell (cell) ON DELETE CASCADE,
  seq          INTEGER NOT NULL,     -- 1, 2, 3 ... in the order of the scenario
  text         TEXT    NOT NULL,     -- as written
  value        REAL,                 -- measured; NULL: nothing to judge
  low          REAL,                 -- 95 % interval; may be infinite
  high         REAL,
  n            INTEGER NOT NULL,
  crossed      INTEGER NOT NULL CHECK (crossed IN (0, 1)),
  small_sample INTEGER NOT NULL CHECK (small_sample IN (0, 1)),  -- not decided: the limit is inside the interval
  replications_needed INTEGER NOT NULL,  -- to decide it; 0: decided, or it cannot be said
  PRIMARY KEY (cell, seq)
) STRICT, WITHOUT ROWID;
