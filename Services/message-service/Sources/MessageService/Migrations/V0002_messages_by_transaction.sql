-- The sweep reads what a few transactions have inserted. A block range index made it read more the longer no vacuum had
-- summarized the newest blocks, and a long transaction anywhere in the cluster made it read everything since.
-- The old index goes last: dropping it locks out readers, building the new one only writers.
CREATE INDEX messages_by_transaction ON messages (xid);
DROP INDEX messages_xid;
