#!/bin/bash
# Once, when PostgreSQL makes its cluster: the role and the database of the services. They are no superuser: nothing they
# do needs one.
psql -qX -v ON_ERROR_STOP=1 -U postgres -d postgres <<'SQL'
\set password `cat /run/secrets/postgres`
CREATE ROLE parley LOGIN PASSWORD :'password';
CREATE DATABASE parley OWNER parley;
SQL
