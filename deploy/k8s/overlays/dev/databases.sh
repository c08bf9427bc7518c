#!/bin/sh
# Run once, when the data directory is made: a database and an account for each service, closed to the others.
set -eu
for service in intake scoring ranking notifier; do
    psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --set=service="$service" --set=password="$SERVICES_PASSWORD" <<'SQL'
CREATE ROLE :"service" LOGIN PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"service";
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
SQL
done
