#!/bin/sh
# Saves the tables that the pending migrations touch. Where that isn't known (DRIFTLOCK_HOOK_TABLES_COMPLETE), all of them.
set -eu
folder="backups/$(date -u +%Y%m%d-%H%M%S)-$$"
mkdir -p "$folder"

# Those of the names on standard input that are wanted. A table that is only going to be made has nothing to save.
wanted() {
    if [ "$DRIFTLOCK_HOOK_TABLES_COMPLETE" = true ]; then
        grep -Fx "$DRIFTLOCK_HOOK_TABLES" || true
    else
        cat
    fi
}

case $DRIFTLOCK_HOOK_ENGINE in
sqlite)
    file=${DRIFTLOCK_HOOK_URL#sqlite://}
    file=${file%%\?*}
    sqlite3 -batch "$file" "SELECT name FROM sqlite_schema WHERE type = 'table'" | wanted >"$folder/tables"
    while read -r table; do
        sqlite3 -batch "$file" ".dump '$table'" >"$folder/$table.sql"
    done <"$folder/tables"
    ;;
postgres)
    psql -XAtq -d "$DRIFTLOCK_HOOK_URL" -c "SELECT tablename FROM pg_tables WHERE schemaname = 'public'" | wanted >"$folder/tables"
    while read -r table; do
        pg_dump -d "$DRIFTLOCK_HOOK_URL" --table "public.\"$table\"" --file "$folder/$table.sql"
    done <"$folder/tables"
    ;;
mysql)
    # mysql://user:password@host:port/database
    rest=${DRIFTLOCK_HOOK_URL#*://}
    login=${rest%@*} place=${rest##*@}
    database=${place#*/} host=${place%%/*}
    export MYSQL_PWD="${login#*:}"
    set -- --no-defaults -u "${login%%:*}" -h "${host%:*}" -P "${host##*:}"
    mariadb "$@" -NB -e "SELECT table_name FROM information_schema.tables WHERE table_schema = '$database'" | wanted >"$folder/tables"
    while read -r table; do
        mariadb-dump "$@" "$database" "$table" >"$folder/$table.sql" </dev/null
    done <"$folder/tables"
    ;;
esac
echo "saved $(wc -l <"$folder/tables" | tr -d ' ') tables to $folder"
