-- Deleted accounts. A deleted user's row stays, because others have messages of theirs, but holds nothing of them any
-- more, and no search by a name finds an empty one. What stays of the name is its hash, so that nobody is ever given it
-- again and is taken for somebody else.
ALTER TABLE users
    ADD COLUMN deleted_at timestamptz,
    ADD COLUMN name_hash bytea CHECK (octet_length(name_hash) = 32);
-- Of names in use and of given up ones alike. A username is ASCII without a backslash: decode() gives its bytes.
CREATE UNIQUE INDEX users_name_once ON users ((coalesce(name_hash, sha256(decode(username, 'escape')))));
CREATE INDEX users_username ON users (username);
ALTER TABLE users
    DROP CONSTRAINT users_username_key,
    DROP CONSTRAINT users_username_form,
    ADD CONSTRAINT users_username_form CHECK (
        CASE WHEN deleted_at IS NULL THEN username ~ '^[a-z0-9][a-z0-9._-]{2,31}$' ELSE username = '' END),
    ADD CONSTRAINT users_deletion CHECK ((deleted_at IS NULL) = (name_hash IS NULL));

CREATE TABLE deletions (
    user_id    uuid PRIMARY KEY REFERENCES users,
    -- What message-service is to do with what they wrote.
    messages   text NOT NULL CHECK (messages IN ('keep', 'erase')),
    -- The transaction: what the cursor of /internal/v1/deletions is compared with.
    xid        bigint NOT NULL,
    deleted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX deletions_xid ON deletions (xid, user_id);
