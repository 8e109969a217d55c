-- Exports under way: one for a user at a time, and few in all. A lease that is not renewed runs out.
CREATE TABLE exports (
    user_id uuid PRIMARY KEY,
    lease uuid NOT NULL,
    until timestamptz NOT NULL
);
