-- The sweep reads what a few transactions have inserted. A block range index made it read more the longer no vacuum had
-- summarized the newest blocks, and a long transaction anywhere in the cluster made it read everything since.
DROP INDEX messages_xid;
CREATE INDEX messages_xid ON messages (xid);
