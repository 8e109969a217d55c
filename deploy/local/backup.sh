# shellcheck shell=bash
# backup and restore: everything that lasts, the schemas auth and chat, in one file of pg_dump's custom format.
# The database is that of DATABASE_URL, or of the home.

# Of an import into another cluster: numbers of transactions mean nothing there. Rows that look newer than every
# snapshot would be handed out again with each sync and each sweep; 0 is older than all.
readonly TRANSACTION_COLUMNS=(auth.deletions.xid auth.sessions.ended_xid chat.blocks.changed_xid
    chat.chats.changed_xid chat.members.changed_xid chat.messages.xid)

command_backup() {
    local arguments argument file="" secret=no partial tables
    parse_home "$@"
    for argument in "${arguments[@]}"; do
        case $argument in
            --with-secret) secret=yes ;;
            -*) die_usage "backup does not take '$argument'" ;;
            *) [[ -z $file ]] || die_usage "backup takes one FILE"; file=$argument ;;
        esac
    done
    file=${file:-$HOME_DIR/backup/parley-$(date -u +%Y%m%dT%H%M%SZ).dump}
    [[ ! -e $file ]] || die "$file is there already"
    require_backup_database
    umask 077 # it holds every message, and the hashes of the passwords
    mkdir -p "$(dirname "$file")"
    partial=$file.partial
    say "writing $file"
    # One snapshot, whatever is written meanwhile. The throttle of sign-ins is worth nothing later.
    with_database pg_dump --format=custom --schema=auth --schema=chat --exclude-table-data=auth.sign_in_throttle \
        --no-owner --no-privileges --lock-wait-timeout=60000 --file="$partial" ||
        { rm -f "$partial"; die "pg_dump failed; nothing was written"; }
    tables=$("$(postgres_program pg_restore)" --list "$partial" | grep -c 'TABLE DATA') ||
        { rm -f "$partial"; die "the dump cannot be read again; nothing was written"; }
    mv "$partial" "$file"
    note "$tables tables, $(du -h "$file" | cut -f 1)"
    back_up_secret "$file" "$secret"
    printf '%s\n' "$file"
}

# The secret is not in the dump, so that a dump alone does not open the signing keys in it.
back_up_secret() {
    local file=$1 wanted=$2
    if [[ $wanted == yes ]]; then
        [[ -s $SECRET_DIR/deployment ]] || die "there is no deployment secret in $SECRET_DIR" "keep a copy of your own"
        cp "$SECRET_DIR/deployment" "$file.secret"
        warn "$file.secret IS THE DEPLOYMENT SECRET. Keep it apart from the dump: both together can sign in as anybody."
        return 0
    fi
    warn "THE DEPLOYMENT SECRET IS NOT IN THIS FILE. Keep a copy of it elsewhere:"
    note "$SECRET_DIR/deployment, or what PARLEY_DEPLOYMENT_SECRET_FILE names (--with-secret writes one beside the dump)."
    note "Without it a restore takes a new secret and auth-service makes a new signing key; nobody has to sign in again."
}

command_restore() {
    local arguments argument file="" replace=no mark=no running=no
    parse_home "$@"
    for argument in "${arguments[@]}"; do
        case $argument in
            --replace) replace=yes ;;
            --only-mark) mark=yes ;;
            -*) die_usage "restore does not take '$argument'" ;;
            *) [[ -z $file ]] || die_usage "restore takes one FILE"; file=$argument ;;
        esac
    done
    if [[ $mark == yes ]]; then
        [[ -z $file && $replace == no ]] || die_usage "--only-mark restores nothing, so it takes no FILE"
        require_backup_database
        mark_history
        return
    fi
    [[ -n $file ]] || die_usage "restore needs the FILE of a backup"
    [[ -r $file ]] || die "cannot read $file"
    "$(postgres_program pg_restore)" --list "$file" 2>/dev/null | grep 'TABLE DATA chat messages_0' >/dev/null ||
        die "$file is not a backup of Parley, or a damaged one"

    [[ -z ${DATABASE_URL:-} ]] && prepare_own_database
    require_backup_database
    refuse_to_overwrite "$replace"
    if services_alive; then running=yes; stop_services; fi
    # Those of other machines too: a service would write between the old rows and the new.
    if ! poll 5 nobody_connected; then
        [[ $running == no ]] || start_services
        die "services are connected to this database: $(connected_services)" "stop all of them first"
    fi
    say "restoring $file (all of it, or nothing)"
    # COMMIT comes only after all of the file has been read: a torn file is rolled back when the session ends.
    if ! restore_script "$file" | with_database psql -qX -v ON_ERROR_STOP=1 -o /dev/null; then
        [[ $running == no ]] || start_services
        die "the restore failed; the database is as it was"
    fi
    with_database psql -qX -v ON_ERROR_STOP=1 -c "SET client_min_messages = error; ANALYZE" || warn "ANALYZE failed"
    restore_secret "$file.secret"
    finish_restore "$running"
}

# The SQL of a restore. Fails where the file cannot be read to its end, before COMMIT.
restore_script() {
    local part
    printf 'BEGIN;\nSET client_min_messages = warning;\nDROP SCHEMA IF EXISTS auth, chat CASCADE;\n'
    for part in pre-data data post-data; do
        [[ $part != data ]] || forget_transactions
        "$(postgres_program pg_restore)" --section="$part" --no-owner --no-privileges --file=- "$1" || return 1
        [[ $part != data ]] || printf 'DROP FUNCTION chat.restored%s() CASCADE;\n' "${!TRANSACTION_COLUMNS[@]}"
    done
    printf 'COMMIT;\n'
}

# Triggers that set the numbers of transactions to 0 while rows come in. A dump of an older version may lack a table.
forget_transactions() {
    local path table column number=0
    for path in "${TRANSACTION_COLUMNS[@]}"; do
        table=${path%.*} column=${path##*.}
        cat <<SQL
CREATE FUNCTION chat.restored$number() RETURNS trigger LANGUAGE plpgsql AS \$body\$
BEGIN
    IF NEW.$column IS NOT NULL THEN NEW.$column := 0; END IF;
    RETURN NEW;
END \$body\$;
DO \$body\$
BEGIN
    IF to_regclass('$table') IS NOT NULL THEN
        CREATE TRIGGER restored BEFORE INSERT ON $table FOR EACH ROW EXECUTE FUNCTION chat.restored$number();
    END IF;
END \$body\$;
SQL
        number=$((number + 1))
    done
}

# After the history was set back by other means, such as a snapshot of the disk: without it clients would go on from
# cursors of what is gone.
mark_history() {
    with_database psql -qX -v ON_ERROR_STOP=1 <<'SQL' || die "the history could not be marked"
BEGIN;
UPDATE auth.history SET mark = DEFAULT;
UPDATE chat.history SET mark = DEFAULT;
COMMIT;
SQL
    say "the history has a new mark: every client reads it again from the start"
}

# --- The database ----------------------------------------------------------------------------------------------------

# pg_dump refuses a server newer than itself, so the newest there is.
postgres_program() {
    local folder
    if folder=$(postgres_bin ""); then printf '%s/%s' "$folder" "$1"; else printf '%s' "$1"; fi
}

backup_database_url() {
    if [[ -n ${DATABASE_URL:-} ]]; then printf '%s' "$DATABASE_URL"; else cat "$SECRET_DIR/database_url"; fi
}

# with_database PROGRAM ARGUMENT…: the password goes by environment, where others on this machine do not see it.
with_database() {
    local program=$1 url password=""
    shift
    url=$(backup_database_url)
    if [[ $url =~ ^([a-z]+://[^:/@]*):([^@/]*)@(.*)$ ]]; then
        url=${BASH_REMATCH[1]}@${BASH_REMATCH[3]}
        printf -v password '%b' "${BASH_REMATCH[2]//%/\\x}"
    fi
    PGPASSWORD=${password:-${PGPASSWORD:-}} PGCONNECT_TIMEOUT=5 "$(postgres_program "$program")" "$@" --dbname="$url"
}

answer_of_database() { with_database psql -qXAt -v ON_ERROR_STOP=1 -c "$1"; }

require_backup_database() {
    [[ -n ${DATABASE_URL:-} || -s $SECRET_DIR/database_url ]] ||
        die "there is no database in $HOME_DIR" "name the home (--home DIR), or set DATABASE_URL"
    answer_of_database "SELECT 1" >/dev/null || die "the database cannot be reached" \
        "start it (./parley up, or ./parley process start postgres), or correct DATABASE_URL"
}

# The home's own PostgreSQL, started for the restore if it does not run; in a new home it is made.
prepare_own_database() {
    create_home
    lock_home
    if [[ -s $SECRET_DIR/database_url ]] && answer_of_database "SELECT 1" >/dev/null 2>&1; then return 0; fi
    [[ -s $SECRET_DIR/database_url && ! -d $(postgres_data) ]] &&
        die "the database of this home is another's, and does not answer" "give its address: DATABASE_URL=…"
    # shellcheck disable=SC2046 # one package a word
    install_packages ask $(packages_for_up no)
    any_process_alive || forget_processes
    start_postgres
    started_postgres=yes
}

# Empty is: nobody has signed up. The tables themselves may be there, as `./parley up` makes them.
refuse_to_overwrite() {
    local people
    [[ $1 == no ]] || return 0
    people=$(answer_of_database "SELECT to_regclass('auth.users') IS NOT NULL") || die "the database cannot be read"
    [[ $people == t ]] || return 0
    people=$(answer_of_database "SELECT count(*) FROM auth.users") || die "the database cannot be read"
    [[ $people == 0 ]] || die "the database is not empty: $people people are in it" \
        "to put the backup in its place, after a backup of what is there: ./parley restore --replace FILE"
}

service_processes() { process_names | grep -vxE 'postgres|redis' || true; }

# Whether services of this home run on that database.
services_alive() {
    local name
    [[ $(cat "$SECRET_DIR/database_url" 2>/dev/null) == "$(backup_database_url)" ]] || return 1
    while read -r name; do
        process_alive "$name" && return 0
    done < <(service_processes)
    return 1
}

# From the outside in.
stop_services() {
    local gateways=() services=()
    mapfile -t gateways < <(service_processes | grep -E '^(edge|realtime-gateway-)')
    mapfile -t services < <(service_processes | grep -vE '^(edge|realtime-gateway-)')
    say "stopping the services"
    stop_processes "$STOP_SECONDS" "${gateways[@]}"
    stop_processes "$STOP_SECONDS" "${services[@]}"
}

nobody_connected() { [[ -z $(connected_services) ]]; }

connected_services() {
    answer_of_database "SELECT string_agg(DISTINCT application_name, ', ') FROM pg_stat_activity
        WHERE datname = current_database() AND application_name ~ '^(auth|message)-service'"
}

# The edge last, so that it finds all of them ready.
start_services() {
    local name
    while read -r name; do start_process "$name"; done < <(service_processes | grep -vx edge)
    while read -r name; do wait_for_process "$name" 60; done < <(service_processes | grep -vx edge)
    start_process edge
    wait_for_process edge 30
}

restore_secret() {
    [[ -s $1 ]] || return 0
    if [[ -s $SECRET_DIR/deployment ]]; then
        cmp -s "$1" "$SECRET_DIR/deployment" || warn "$1 differs from the secret of this home, which stays"
        return 0
    fi
    mkdir -p "$SECRET_DIR"
    (umask 077 && cp "$1" "$SECRET_DIR/deployment")
    note "the deployment secret came from $1"
}

# What ran before runs again, with the migrations the backup may lack; what did not, does not.
finish_restore() {
    if [[ $1 == yes ]]; then
        migrate auth-service-1
        migrate message-service-1
        start_services
        say "restored; the services run again"
    else
        [[ -z ${started_postgres:-} ]] || stop_process postgres
        say "restored; now migrate and start the services (./parley up does both)"
    fi
}
