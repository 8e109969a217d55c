-- Users, their sessions, the keys that sign access tokens, and the throttle of sign-ins.

CREATE TABLE users (
    id            uuid PRIMARY KEY,
    -- COLLATE "C": bytes in order, so that the unique index also serves prefix searches.
    username      text COLLATE "C" NOT NULL,
    display_name  text NOT NULL CHECK (octet_length(display_name) BETWEEN 1 AND 256),
    -- The display name in lower case, made by the service: lower() here would depend on the database's locale.
    display_key   text COLLATE "C" NOT NULL,
    password_hash text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_username_key UNIQUE (username),
    CONSTRAINT users_username_form CHECK (username ~ '^[a-z0-9][a-z0-9._-]{2,31}$')
);
CREATE INDEX users_display_key ON users (display_key);

-- One sign-in on one device. The columns a refresh changes have no index, so that it stays a HOT update.
CREATE TABLE sessions (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES users,
    device        text NOT NULL,
    address       text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    last_used_at  timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,
    ended_at      timestamptz,
    -- The transaction that ended it: what the cursor of /internal/v1/revocations is compared with.
    ended_xid     bigint,
    -- SHA-256 of the refresh token that is good now.
    refresh_hash  bytea NOT NULL CHECK (octet_length(refresh_hash) = 32),
    -- SHA-256 of the one before, when it was used, and its successor sealed under a key only its holder knows.
    previous_hash bytea CHECK (octet_length(previous_hash) = 32),
    rotated_at    timestamptz,
    successor     bytea,
    CONSTRAINT sessions_end CHECK ((ended_at IS NULL) = (ended_xid IS NULL)),
    CONSTRAINT sessions_rotation CHECK (
        (previous_hash IS NULL) = (rotated_at IS NULL) AND (previous_hash IS NULL) = (successor IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX sessions_of_user ON sessions (user_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_ended_xid ON sessions (ended_xid) WHERE ended_xid IS NOT NULL;
CREATE INDEX sessions_ended_at ON sessions (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE signing_keys (
    kid        text PRIMARY KEY,
    -- The Ed25519 seed, AES-256-GCM under a key derived from the deployment secret, the kid as associated data.
    sealed_key bytea NOT NULL,
    public_key bytea NOT NULL CHECK (octet_length(public_key) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    -- From then on it signs nothing; what it signed is still believed for an hour.
    retired_at timestamptz
);

-- Unlogged: worth nothing after a crash and written at every sign-in. Keys are hashes, never names or addresses.
CREATE UNLOGGED TABLE sign_in_throttle (
    key     bytea PRIMARY KEY CHECK (octet_length(key) = 32),
    -- When the bucket will be full again (the theoretical arrival time of the generic cell rate algorithm).
    full_at timestamptz NOT NULL
) WITH (fillfactor = 70);
