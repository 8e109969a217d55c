-- Passkeys (WebAuthn credentials): a second factor beside a password, or in its place.
CREATE TABLE passkeys (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES users,
    -- What the authenticator calls it.
    credential_id bytea NOT NULL UNIQUE CHECK (octet_length(credential_id) BETWEEN 1 AND 1023),
    -- A COSE algorithm: -7 is ES256, -8 EdDSA.
    algorithm     bigint NOT NULL CHECK (algorithm IN (-7, -8)),
    public_key    bytea NOT NULL,
    -- The newest count of signatures: a lower one is that of a copy.
    sign_count    bigint NOT NULL,
    name          text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 64),
    created_at    timestamptz NOT NULL DEFAULT now(),
    last_used_at  timestamptz
);
CREATE INDEX passkeys_user ON passkeys (user_id);

-- Signed challenges that were used up. The others have no row: anybody may ask for one.
CREATE TABLE used_challenges (
    hash       bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    expires_at timestamptz NOT NULL
);
