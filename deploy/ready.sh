#!/bin/bash
# Exits 0 when the process whose private listener is at the port on this machine may take work: /readyz answers 200.
# Usage: hookyard-ready PORT
set -euo pipefail

port=${1:?usage: hookyard-ready PORT}
# The shell opens the connection itself: the images hold no HTTP client.
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r -t 3 _version status _reason <&3
[[ $status == 200 ]]
