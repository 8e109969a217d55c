-- When a user made a chat with somebody who had not written to them; null for everything else. Sends do not touch this
-- table, so the index costs them nothing.
ALTER TABLE user_chats ADD COLUMN made_at timestamptz;
CREATE INDEX user_chats_made ON user_chats (user_id, made_at) WHERE made_at IS NOT NULL;
