#!/bin/sh
# Makes secrets/ for this overlay: credentials, tokens, passwords, the ledger's key. What is there already stays. Needs `make setup`.
set -eu
cd "$(dirname "$0")"
../../../../.venv/bin/python ../../../make_secrets.py secrets --databases postgres --origin meritlog.example
