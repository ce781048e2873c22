#!/bin/sh
# Makes the secrets of compose.yaml, and a self-signed certificate to begin with. What exists is left alone.
#
#   sh deploy/compose/make-secrets.sh app.example.com
set -eu
host=${1:?usage: make-secrets.sh <public host name>}
case $host in *[!A-Za-z0-9.-]*) echo "make-secrets.sh: $host is not a host name" >&2; exit 1 ;; esac
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$root/deploy/compose/secrets

# Compose mounts these files as they are: owner, group and mode of this machine hold inside the containers, too. Their
# users have no account here, so each of them gets one more group (group_add in compose.yaml) that may read the files.
# Root gives them the group of the images; another user can only give their own, and the folder keeps its other members out.
if [ "$(id -u)" = 0 ]; then gid=10001; else gid=$(id -g); fi
umask 077
mkdir -p "$folder"
chmod 700 "$folder"

put() {
    [ -e "$folder/$1" ] || { cat >"$folder/$1.new" && mv "$folder/$1.new" "$folder/$1"; }
}

openssl rand -base64 32 | put sallyport_secret
openssl rand -hex 32 | put postgres_password
printf 'postgres://sallyport:%s@postgres:5432/sallyport\n' "$(cat "$folder/postgres_password")" | put database_url
if [ ! -e "$folder/redis_url" ]; then
    password=$(openssl rand -hex 32)
    hash=$(printf %s "$password" | openssl dgst -sha256 -r | cut -d ' ' -f 1)
    rules=$(grep -v '^#' "$root/deploy/redis/sallyport.acl")
    # No client can be the user "default" while it is off, but Redis is when it reads its append-only file: without these rights
    # it leaves out every transaction there, and sessions with them.
    rm -f "$folder/redis_acl"
    printf '%s\n' \
        'user default off ~* &* +@all' \
        "user sallyport on #$hash $(echo "$rules" | tr '\n' ' ') +info" \
        'user health on >health -@all +ping' | put redis_acl
    printf 'redis://sallyport:%s@redis:6379\n' "$password" | put redis_url
fi
# Replace this by your mail server: smtps://user:password@mail.example.com
echo 'smtp://mailpit:1025' | put smtp_url
# Replace these two by the certificate of an authority.
if [ ! -e "$folder/tls_certificate" ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj "/CN=$host" \
        -addext "subjectAltName=DNS:$host" -keyout "$folder/tls_key" -out "$folder/tls_certificate" 2>/dev/null
fi

# Also after a file was replaced by hand. Nothing that everybody can read: the gateway would refuse to start.
chgrp "$gid" "$folder"/*
chmod 440 "$folder"/*

set_default() {
    grep -q "^$1=" "$root/.env" 2>/dev/null || printf '%s=%s\n' "$1" "$2" >>"$root/.env"
}
set_default SALLYPORT_PUBLIC_URL "https://$host"
set_default SECRETS_GID "$gid"

echo "Secrets are in deploy/compose/secrets, the public address is in .env. Still to do: smtp_url, tls_certificate, tls_key."
