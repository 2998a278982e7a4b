-- The ledger: what was acknowledged. A commit, a file or a submission that is not here does not count.
-- Times are UTC, ISO 8601; they and the file names are outside every checksum.

CREATE TABLE intents (
    intent INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice: part of the names of data files
    opened_at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'done', 'withdrawn')),
    body TEXT NOT NULL                        -- JSON while open: all that recovery needs; empty afterwards
);

CREATE TABLE commits (
    table_name TEXT NOT NULL,
    version INTEGER NOT NULL,
    intent INTEGER NOT NULL REFERENCES intents,
    log_sha256 TEXT NOT NULL,                 -- of the entry in the table's Delta log
    PRIMARY KEY (table_name, version)
);

CREATE TABLE data_files (
    table_name TEXT NOT NULL,
    path TEXT NOT NULL,                       -- inside the table's folder
    partition TEXT NOT NULL,                  -- JSON list of the partition's values
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    received_at TEXT NOT NULL,
    version INTEGER NOT NULL,                 -- from this version of the table on
    removed_version INTEGER,                  -- until before this one; null while it stands
    erased INTEGER NOT NULL DEFAULT 0,        -- 1: retention took it; the file is deleted
    PRIMARY KEY (table_name, path)
);

CREATE TABLE submissions (
    submission_id TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    source TEXT NOT NULL,
    month TEXT NOT NULL,
    edition INTEGER NOT NULL,
    mapping_version INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    intent INTEGER NOT NULL REFERENCES intents
);

CREATE TABLE whole_months (
    submission_id TEXT PRIMARY KEY REFERENCES submissions -- in the place of all that its provider had sent for its month
);

CREATE TABLE receipts (
    receipt INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at TEXT NOT NULL,
    file_name TEXT NOT NULL,
    file_sha256 TEXT NOT NULL,
    submission_id TEXT,
    provider TEXT NOT NULL,
    month TEXT,
    rows INTEGER,
    outcome TEXT NOT NULL CHECK (outcome IN ('loaded', 'repeat', 'refused')),
    error TEXT                                -- number of the error, never its text
);

CREATE INDEX receipts_of_file ON receipts (provider, file_sha256);

CREATE TABLE seals (
    table_name TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL                      -- of all rows of that table, in the order of their rowid
);
