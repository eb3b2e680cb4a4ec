#!/usr/bin/env bash
# Deploys the five functions to Yandex Cloud. Needs `yc` (configured) and `make package-source`.
#
#   SERVICE_ACCOUNT_ID=… ENVIRONMENT=.env.yandex deploy/yandex.sh
#
# ENVIRONMENT names a file with NAME=VALUE lines, as docs/configuration.md lists them.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${SERVICE_ACCOUNT_ID:?a service account with the role functions.functionInvoker}"
: "${ENVIRONMENT:?a file with NAME=VALUE lines}"

environment=$(grep -v '^\s*\(#\|$\)' "$ENVIRONMENT" | paste -sd,)

# Yandex's names have no underscores.
named() { echo "amocrm-${1//_/-}"; }

deploy() { # name, memory, seconds, public
    yc serverless function get --name "$(named "$1")" >/dev/null 2>&1 || yc serverless function create --name "$(named "$1")" >/dev/null
    yc serverless function version create \
        --function-name "$(named "$1")" --runtime python312 --entrypoint "functions.$1.main.yandex_handler" \
        --memory "$2" --execution-timeout "$3s" --concurrency 1 \
        --service-account-id "$SERVICE_ACCOUNT_ID" --environment "$environment" \
        --source-path "dist/source/$1.zip"
    if [ "$4" = public ]; then yc serverless function allow-unauthenticated-invoke --name "$(named "$1")"; fi
}

timer() { # name, cron
    yc serverless trigger get --name "$(named "$1")" >/dev/null 2>&1 || yc serverless trigger create timer \
        --name "$(named "$1")" --cron-expression "$2" --invoke-function-name "$(named "$1")" \
        --invoke-function-service-account-id "$SERVICE_ACCOUNT_ID" --retry-attempts 0
}

deploy oauth_callback 256m 30 public
deploy crm_api 512m 60 public
deploy amocrm_events 256m 10 public
deploy refresh_tokens 256m 300 private
deploy run_deliveries 512m 120 private
timer refresh_tokens '*/10 * ? * * *'
timer run_deliveries '* * ? * * *'
