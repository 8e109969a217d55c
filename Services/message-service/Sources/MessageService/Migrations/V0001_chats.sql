-- A chat's hash is 16 bytes; uuid is PostgreSQL's only fixed type of that size, and takes the 32 digits as they are.
-- chats and members have no index on a column that a send changes, so that every send is a HOT update; the free space
-- of the fill factor is where those go.
CREATE TABLE chats (
    hash uuid PRIMARY KEY,
    kind text NOT NULL DEFAULT 'direct',
    last_seq bigint NOT NULL DEFAULT 0,
    last_message_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    -- The transaction that last changed the row; sync compares it with a snapshot.
    changed_xid bigint NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE members (
    chat uuid NOT NULL REFERENCES chats (hash),
    user_id uuid NOT NULL,
    delivered_seq bigint NOT NULL DEFAULT 0,
    read_seq bigint NOT NULL DEFAULT 0,
    -- Whether the member opened the chat; one that was only opened by the other side shows once it has a message.
    opened boolean NOT NULL DEFAULT false,
    changed_xid bigint NOT NULL,
    PRIMARY KEY (chat, user_id),
    CHECK (delivered_seq >= read_seq)
) WITH (fillfactor = 70);

CREATE TABLE user_chats (
    user_id uuid NOT NULL,
    chat uuid NOT NULL,
    PRIMARY KEY (user_id, chat)
);

-- Eight partitions by chat keep each index small; every hot statement names the chat and so meets one partition.
CREATE TABLE messages (
    chat uuid NOT NULL,
    seq bigint NOT NULL CHECK (seq > 0),
    sender uuid NOT NULL,
    client_id uuid NOT NULL,
    body text NOT NULL,
    sent_at timestamptz NOT NULL,
    -- The inserting transaction; the sweep compares it with a snapshot, so that no commit is skipped however slow.
    xid bigint NOT NULL,
    PRIMARY KEY (chat, seq),
    UNIQUE (chat, sender, client_id)
) PARTITION BY HASH (chat);

CREATE TABLE messages_0 PARTITION OF messages FOR VALUES WITH (MODULUS 8, REMAINDER 0);
CREATE TABLE messages_1 PARTITION OF messages FOR VALUES WITH (MODULUS 8, REMAINDER 1);
CREATE TABLE messages_2 PARTITION OF messages FOR VALUES WITH (MODULUS 8, REMAINDER 2);
CREATE TABLE messages_3 PARTITION OF messages FOR VALUES WITH (MODULUS 8, REMAINDER 3);
CREATE TABLE messages_4 PARTITION OF messages FOR VALUES WITH (MODULUS 8, REMAINDER 4);
CREATE TABLE messages_5 PARTITION OF messages FOR VALUES WITH (MODULUS 8, REMAINDER 5);
CREATE TABLE messages_6 PARTITION OF messages FOR VALUES WITH (MODULUS 8, REMAINDER 6);
CREATE TABLE messages_7 PARTITION OF messages FOR VALUES WITH (MODULUS 8, REMAINDER 7);

CREATE INDEX messages_xid ON messages USING brin (xid) WITH (pages_per_range = 16, autosummarize = on);
