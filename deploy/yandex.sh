#!/usr/bin/env bash
# Deploys the five functions to Yandex Cloud. Needs `yc` (configured), Python 3, and `make package-source`.
#
#   SERVICE_ACCOUNT_ID=… SECRET=amocrm-functions [NETWORK_ID=…] deploy/yandex.sh
#
# SECRET names a secret in Lockbox; each of its entries is a setting of docs/configuration.md, under its name. The functions
# get them from there: their values stand in no argument, in no version's description, and in nothing that is printed.
# NETWORK_ID names a cloud network to run in, such as the database's.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${SERVICE_ACCOUNT_ID:?a service account with the roles functions.functionInvoker and lockbox.payloadViewer}"
: "${SECRET:?the name of a secret in Lockbox}"

# One line for each setting. All functions get the same version of the secret, whatever is written into it meanwhile.
described=$(yc lockbox secret get --name "$SECRET" --format json | python3 -c '
import json, sys
secret = json.load(sys.stdin)
version = secret["current_version"]
for name in version.get("payload_entry_keys", []):
    print("environment-variable={0},id={1},version-id={2},key={0}".format(name, secret["id"], version["id"]))
')
[ -n "$described" ] || { echo "$SECRET holds no settings" >&2; exit 1; }
settings=()
while IFS= read -r one; do settings+=(--secret "$one"); done <<<"$described"

# Yandex's names have no underscores.
named() { echo "amocrm-${1//_/-}"; }

deploy() { # name, memory, seconds, public
    yc serverless function get --name "$(named "$1")" >/dev/null 2>&1 || yc serverless function create --name "$(named "$1")" >/dev/null
    yc serverless function version create \
        --function-name "$(named "$1")" --runtime python312 --entrypoint "functions.$1.main.yandex_handler" \
        --memory "$2" --execution-timeout "$3s" --concurrency 1 \
        --service-account-id "$SERVICE_ACCOUNT_ID" "${settings[@]}" ${NETWORK_ID:+--network-id "$NETWORK_ID"} \
        --source-path "dist/source/$1.zip" >/dev/null
    if [ "$4" = public ]; then yc serverless function allow-unauthenticated-invoke --name "$(named "$1")" >/dev/null; fi
    echo "deployed $(named "$1")"
}

timer() { # name, cron
    yc serverless trigger get --name "$(named "$1")" >/dev/null 2>&1 || yc serverless trigger create timer \
        --name "$(named "$1")" --cron-expression "$2" --invoke-function-name "$(named "$1")" \
        --invoke-function-service-account-id "$SERVICE_ACCOUNT_ID" --retry-attempts 0 >/dev/null
}

deploy oauth_callback 256m 30 public
deploy crm_api 512m 60 public
deploy amocrm_events 256m 10 public
deploy refresh_tokens 256m 300 private
deploy run_deliveries 512m 120 private
timer refresh_tokens '*/10 * ? * * *'
timer run_deliveries '* * ? * * *'
