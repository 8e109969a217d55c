-- What is still to be done for the accounts that auth-service has deleted, and where the reading of them stands.
CREATE TABLE deleted_users (
    user_id uuid PRIMARY KEY,
    -- Whether the texts of what they wrote go.
    erases boolean NOT NULL,
    heard_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- When to go on; null when all is done.
    resume_at timestamptz DEFAULT clock_timestamp(),
    -- Erased are all chats before this one, and this one up to `seq`.
    chat uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    seq bigint NOT NULL DEFAULT 0
);
CREATE INDEX deleted_users_resume ON deleted_users (resume_at) WHERE resume_at IS NOT NULL;

CREATE TABLE deletions_read (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    cursor text NOT NULL
);
