#!/usr/bin/env bash
# Which statements of message-service stay on one shard of a distributed PostgreSQL (Citus). Not part of ./parley test.
#
#   DATABASE_URL=postgresql://…/a_new_database Tests/Distributed/statements.sh
#
# The database must be new: tables are made and distributed in it. Where Citus cannot be had it says SKIPPED, and only
# looks whether PostgreSQL understands the statements. docs/scaling.md says what is expected.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
readonly MIGRATIONS=$ROOT/Services/message-service/Sources/MessageService/Migrations
: "${DATABASE_URL:?names a new database}"

ask() { psql "$DATABASE_URL" --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 "$@"; }

make_tables() {
    ask --command 'CREATE SCHEMA chat'
    local file
    for file in "$MIGRATIONS"/V*.sql; do
        { printf 'SET search_path = chat, pg_catalog;\n'; cat "$file"; } | ask --single-transaction
    done
}

# A foreign key between distributed tables can only be made between two that are.
distribute_tables() {
    ask >/dev/null <<'SQL'
SET search_path = chat, public, pg_catalog;
ALTER TABLE members DROP CONSTRAINT members_chat_fkey;
SELECT create_distributed_table('chats', 'hash');
SELECT create_distributed_table('members', 'chat', colocate_with => 'chats');
SELECT create_distributed_table('messages', 'chat', colocate_with => 'chats');
SELECT create_distributed_table('user_chats', 'user_id', colocate_with => 'none');
ALTER TABLE members ADD CONSTRAINT members_chat_fkey FOREIGN KEY (chat) REFERENCES chats (hash);
SQL
}

# one_shard WHAT EXPECTED SQL: says how many shards the plan of a statement meets.
one_shard() {
    local what=$1 expected=$2 plan tasks
    if ! plan=$(ask --command "EXPLAIN $3" 2>&1); then
        printf '%-28s %-10s refused: %s\n' "$what" "$expected" "$(head -n 1 <<<"$plan")"
        [[ $citus == yes ]] || exit 1
        return 0
    fi
    tasks=$(sed -n 's/.*Task Count: //p' <<<"$plan" | paste -sd +)
    printf '%-28s %-10s %s\n' "$what" "$expected" "${tasks:+shards: $tasks}"
}

# The heart of each statement, with values where the service has parameters.
main() {
    citus=yes
    ask --command 'CREATE EXTENSION IF NOT EXISTS citus' >/dev/null 2>&1 || citus=no
    make_tables
    if [[ $citus == yes ]]; then distribute_tables; else printf 'SKIPPED: there is no Citus at DATABASE_URL\n'; fi

    local a="'00000000-0000-0000-0000-00000000000a'::uuid" b="'00000000-0000-0000-0000-00000000000b'::uuid"
    printf '%-28s %s\n' statement expected
    one_shard "page of history" one "SELECT seq, body FROM chat.messages WHERE chat = $a
        AND seq >= (SELECT LEAST(100, last_seq + 1) FROM chat.chats WHERE hash = $a) - 50 ORDER BY seq"
    one_shard "tip of a chat" one "SELECT last_seq FROM chat.chats JOIN chat.members ON members.chat = chats.hash
        WHERE chats.hash = $a AND members.user_id = $b"
    one_shard "raise a cursor" one "UPDATE chat.members SET read_seq = GREATEST(read_seq, LEAST(9, last_seq)),
        changed_xid = pg_current_xact_id()::text::bigint FROM chat.chats
        WHERE chats.hash = members.chat AND members.chat = $a AND members.user_id = $b"
    one_shard "append: lock one chat" one "SELECT 1 FROM chat.chats WHERE hash = ANY(ARRAY[$a]) ORDER BY hash FOR UPDATE"
    one_shard "append: lock two chats" refused \
        "SELECT 1 FROM chat.chats WHERE hash = ANY(ARRAY[$a, $b]) ORDER BY hash FOR UPDATE"
    one_shard "append: insert a batch" many "INSERT INTO chat.messages (chat, seq, sender, client_id, body, sent_at, xid)
        SELECT chat, last_seq + 1, $a, $b, 'x', now(), pg_current_xact_id()::text::bigint
        FROM unnest(ARRAY[$a, $b]) AS input (chat) JOIN chat.chats ON chats.hash = input.chat"
    one_shard "one chat of a user" many "SELECT last_seq FROM chat.user_chats AS mine
        JOIN chat.chats ON chats.hash = mine.chat WHERE mine.user_id = $a AND mine.chat = $b"
    one_shard "chats of a user, sync" many "SELECT last_seq FROM chat.user_chats AS mine
        JOIN chat.chats ON chats.hash = mine.chat WHERE mine.user_id = $a ORDER BY mine.chat LIMIT 200"
    one_shard "sweep (and wrong)" many "SELECT DISTINCT chat FROM chat.messages WHERE xid >= 1000 LIMIT 5000"
}

main
