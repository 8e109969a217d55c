-- What happened to accounts, sessions and keys. Rows are only added; those older than 30 days may be removed.
CREATE TABLE audit_log (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    event      text NOT NULL CHECK (event ~ '^[a-z_]{1,40}$'),
    -- Whose account. No foreign key: the entry outlives the account.
    user_id    uuid,
    session_id uuid,
    address    text CHECK (octet_length(address) <= 1024),
    device     text CHECK (octet_length(device) <= 1024),
    detail     text CHECK (octet_length(detail) <= 1024)
);
CREATE INDEX audit_log_of_user ON audit_log (user_id, id) WHERE user_id IS NOT NULL;

-- Who gets hold of the service's connection cannot hide what they do there without changing the schema.
CREATE FUNCTION keep_audit_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < now() - interval '30 days' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'rows are only added to auth.audit_log' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_log_rows BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION keep_audit_log();
CREATE TRIGGER audit_log_whole BEFORE TRUNCATE ON audit_log EXECUTE FUNCTION keep_audit_log();
