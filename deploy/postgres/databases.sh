#!/bin/sh
# A database and a login for each service, run once by the PostgreSQL image when its data folder is made.
# Running services take the role fenghuo_app, which may add events and never change one.
set -eu

psql -v ON_ERROR_STOP=1 --username postgres --command 'create role fenghuo_app nologin'

database() { # service password
    psql -v ON_ERROR_STOP=1 --username postgres --set "service=$1" --set "password=$2" <<'SQL'
create role :"service" login password :'password' in role fenghuo_app;
create database :"service" owner :"service";
revoke connect on database :"service" from public;
SQL
}

database hazard "$HAZARD_DATABASE_PASSWORD"
database enforcement "$ENFORCEMENT_DATABASE_PASSWORD"
database investigation "$INVESTIGATION_DATABASE_PASSWORD"
database credit "$CREDIT_DATABASE_PASSWORD"
database reward "$REWARD_DATABASE_PASSWORD"
database timeline "$TIMELINE_DATABASE_PASSWORD"
