-- Names this history, beside the cluster and its timeline. A dump that is restored makes another table and so another
-- tableoid; whoever sets the history back by other means (a snapshot of the disk) gives it another mark by hand.
CREATE TABLE history (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    mark text NOT NULL DEFAULT left(gen_random_uuid()::text, 8) CHECK (mark ~ '^[0-9a-z]{1,16}$')
);
INSERT INTO history DEFAULT VALUES;
