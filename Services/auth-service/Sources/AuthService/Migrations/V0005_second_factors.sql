-- Second factors: codes of an authenticator app, and recovery codes for who lost it.

CREATE TABLE totp (
    user_id       uuid PRIMARY KEY REFERENCES users,
    -- The shared secret, AES-256-GCM under a key derived from the deployment secret, the user's id as associated data.
    sealed_secret bytea NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    -- NULL while it is only offered: nothing is asked of the user until a code has shown that the app has the secret.
    confirmed_at  timestamptz,
    -- The newest time step of which a code was accepted: none is accepted twice.
    last_step     bigint NOT NULL DEFAULT 0
);

CREATE TABLE recovery_codes (
    user_id uuid NOT NULL REFERENCES users,
    -- SHA-256 of an unused code. 80 random bits need no slow hash.
    hash    bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (user_id, hash)
);

-- Sign-ins whose password was right and whose second factor is waited for. Unlogged: whoever loses one signs in again.
CREATE UNLOGGED TABLE factor_challenges (
    -- SHA-256 of what the client holds.
    hash          bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    user_id       uuid NOT NULL REFERENCES users,
    -- That of the password that was right: after a change of the password the challenge opens nothing.
    password_hash text NOT NULL,
    device        text NOT NULL,
    cookie        boolean NOT NULL,
    tries         bigint NOT NULL DEFAULT 0,
    expires_at    timestamptz NOT NULL
);
CREATE INDEX factor_challenges_user ON factor_challenges (user_id);
