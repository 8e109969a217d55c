-- Who blocks whom. A block that ended is kept for a while, so that gateways, which read what changed, hear of it.
CREATE TABLE blocks (
    user_id uuid NOT NULL,
    blocked uuid NOT NULL,
    blocked_at timestamptz NOT NULL,
    ended_at timestamptz,
    changed_xid bigint NOT NULL,
    PRIMARY KEY (user_id, blocked),
    CHECK (user_id <> blocked)
);
CREATE INDEX blocks_changed ON blocks (changed_xid);
CREATE INDEX blocks_blocked ON blocks (blocked);

-- The same for each direct chat, on the rows that an append and every read have in hand anyway. All are null where
-- nobody blocks anybody, and a null takes no room.
ALTER TABLE members
    -- Since when this member blocks the other, and the other this one.
    ADD COLUMN blocking_at timestamptz,
    ADD COLUMN blocked_at timestamptz,
    -- The cursors as the other sees them: those of before the block, until there is a new one after its end.
    ADD COLUMN shown_delivered bigint,
    ADD COLUMN shown_read bigint,
    ADD CHECK ((shown_delivered IS NULL) = (shown_read IS NULL)) NOT VALID;

-- True where all but the sender get the message only in its hidden form; null where it is whole.
ALTER TABLE messages ADD COLUMN hidden boolean;
