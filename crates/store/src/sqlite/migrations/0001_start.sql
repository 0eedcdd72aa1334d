-- Times are milliseconds since the Unix epoch. Sets, lists and maps are JSON text.

CREATE TABLE meta (
    one             INTEGER PRIMARY KEY CHECK (one = 1),
    issuer          TEXT NOT NULL,
    epoch           BLOB NOT NULL CHECK (length(epoch) = 16),
    max_access_ttl  INTEGER NOT NULL
) STRICT;

-- Rises at each check of readiness, so that a disk that is full is noticed.
CREATE TABLE pings (
    one             INTEGER PRIMARY KEY CHECK (one = 1),
    count           INTEGER NOT NULL
) STRICT;

INSERT INTO pings (one, count) VALUES (1, 0);

CREATE TABLE key_checks (
    id              INTEGER PRIMARY KEY CHECK (id BETWEEN 0 AND 255),
    value           BLOB NOT NULL CHECK (length(value) = 16)
) STRICT;

-- A deleted user's row stays with its id and generation, so that the id never returns.
CREATE TABLE users (
    id              TEXT NOT NULL PRIMARY KEY,
    username        TEXT,
    email           TEXT,
    password_hash   TEXT,
    disabled        INTEGER NOT NULL,
    deleted_at      INTEGER,
    generation      INTEGER NOT NULL,
    roles           TEXT NOT NULL,
    scopes          TEXT NOT NULL,
    claims          TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    -- 16 bytes for each network that the owner signed in from, the latest first.
    networks        BLOB NOT NULL DEFAULT x''
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX users_username ON users (username) WHERE username IS NOT NULL;

CREATE TABLE clients (
    id              TEXT NOT NULL PRIMARY KEY,
    kind            TEXT NOT NULL,
    secret_hash     BLOB,
    audiences       TEXT NOT NULL,
    scopes          TEXT NOT NULL,
    disabled        INTEGER NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The application's own front ends; reserved.
INSERT INTO clients (id, kind, secret_hash, audiences, scopes, disabled, created_at)
VALUES ('first-party', 'public', NULL, '[]', '[]', 0, 0);

-- One row a session, changed in place. The ids rise with time, so new rows stand together.
CREATE TABLE sessions (
    id                  BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id             TEXT NOT NULL,
    client_id           TEXT NOT NULL,
    audience            TEXT NOT NULL,
    scopes              TEXT NOT NULL,
    claims              TEXT NOT NULL,
    salt                BLOB NOT NULL CHECK (length(salt) = 16),
    counter             INTEGER NOT NULL,
    rotated_at          INTEGER NOT NULL,
    retry_key_hash      BLOB,
    auth_time           INTEGER NOT NULL,
    amr                 TEXT NOT NULL,
    acr                 TEXT,
    cnf_jkt             TEXT,
    created_at          INTEGER NOT NULL,
    idle_expires_at     INTEGER NOT NULL,
    absolute_expires_at INTEGER NOT NULL,
    ended_at            INTEGER,
    end_reason          TEXT,
    device              TEXT
) STRICT, WITHOUT ROWID;

-- No index holds a column that a refresh changes.
CREATE INDEX sessions_user ON sessions (user_id, created_at, id) WHERE ended_at IS NULL;
-- The first-party client is never deleted, so the many sessions it has cost nothing here.
CREATE INDEX sessions_client ON sessions (client_id)
    WHERE ended_at IS NULL AND client_id <> 'first-party';

CREATE TABLE revocation_head (
    one             INTEGER PRIMARY KEY CHECK (one = 1),
    seq             INTEGER NOT NULL
) STRICT;

INSERT INTO revocation_head (one, seq) VALUES (1, 0);

CREATE TABLE revocations (
    seq             INTEGER PRIMARY KEY,
    kind            TEXT NOT NULL,
    target_id       TEXT,
    below           INTEGER,
    disabled        INTEGER,
    expires_at      INTEGER
) STRICT;

CREATE TABLE ring (
    one             INTEGER PRIMARY KEY CHECK (one = 1),
    version         INTEGER NOT NULL
) STRICT;

INSERT INTO ring (one, version) VALUES (1, 0);

CREATE TABLE keys (
    position        INTEGER PRIMARY KEY,
    kid             TEXT NOT NULL UNIQUE,
    algorithm       TEXT NOT NULL,
    public_jwk      TEXT,
    private_key     BLOB NOT NULL,
    published_at    INTEGER NOT NULL,
    signs_from      INTEGER NOT NULL,
    verifies_until  INTEGER,
    compromised_at  INTEGER
) STRICT;

-- `full_at` is when the budget is full again. Two rates may share a key.
CREATE TABLE budgets (
    key             BLOB NOT NULL CHECK (length(key) = 16),
    rate_count      INTEGER NOT NULL,
    rate_per        INTEGER NOT NULL,
    full_at         INTEGER NOT NULL,
    PRIMARY KEY (key, rate_count, rate_per)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    id              INTEGER PRIMARY KEY,
    at              INTEGER NOT NULL,
    kind            TEXT NOT NULL,
    user_id         TEXT,
    session_id      TEXT,
    client_id       TEXT,
    actor           TEXT,
    address         TEXT,
    detail          TEXT NOT NULL,
    count           INTEGER NOT NULL DEFAULT 1,
    coalesce_key    TEXT
) STRICT;

CREATE UNIQUE INDEX events_coalesce ON events (coalesce_key) WHERE coalesce_key IS NOT NULL;
