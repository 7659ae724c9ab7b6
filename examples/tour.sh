#!/usr/bin/env bash
# Shows the main functions of a running Latchkey with curl:
#   examples/tour.sh [http://localhost:3000]
# Prints each call and its answer; exits with 1 at the first answer that is not the expected one.
set -euo pipefail

base="${1:-http://localhost:3000}/api/auth"
email="ada-$(date +%s)-$$@example.com"
password='correct horse battery staple'
answer=$(mktemp)
headers=$(mktemp)
trap 'rm -f "$answer" "$headers"' EXIT

# call EXPECTED_STATUS TOKEN METHOD PATH [JSON]
call() {
  local expected=$1 token=$2 method=$3 path=$4 json=${5:-}
  local args=(--silent --show-error --max-time 10 --request "$method" --dump-header "$headers"
    --output "$answer" --write-out '%{http_code}')
  [ -z "$token" ] || args+=(--header "Authorization: Bearer $token")
  [ -z "$json" ] || args+=(--header 'Content-Type: application/json' --data "$json")
  local status
  status=$(curl "${args[@]}" "$base$path")
  printf '\n%s %s%s\n  %s %s\n' "$method" "/api/auth$path" "${json:+  $json}" "$status" "$(cat "$answer")"
  if [ "$status" != "$expected" ]; then
    printf 'Expected %s.\n' "$expected" >&2
    exit 1
  fi
}

# Prints a string member of the last answer.
member() {
  sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$answer"
}

# expect_cache HIT|MISS
expect_cache() {
  local cache
  cache=$(tr -d '\r' <"$headers" | sed -n 's/^x-cache: //Ip')
  printf '  X-Cache: %s\n' "$cache"
  [ "$cache" = "$1" ] || { printf 'Expected %s.\n' "$1" >&2; exit 1; }
}

credentials="{\"email\":\"$email\",\"password\":\"$password\"}"

echo '== Register on a laptop'
call 201 '' POST /register "$credentials"
laptop=$(member accessToken)

echo; echo '== Read the profile twice: from the database, then from the cache'
call 200 "$laptop" GET /profile
expect_cache MISS
call 200 "$laptop" GET /profile
expect_cache HIT

echo; echo '== Sign in on a phone too'
call 200 '' POST /login "$credentials"
phone=$(member accessToken)

echo; echo '== Log the laptop out: its token is refused, the phone stays signed in'
call 204 "$laptop" POST /logout
call 401 "$laptop" GET /profile
call 200 "$phone" GET /profile

echo; echo '== Sign in on a tablet, then log all devices out'
call 200 '' POST /login "$credentials"
tablet=$(member accessToken)
call 200 "$tablet" POST /logout-all
call 401 "$phone" GET /profile
call 401 "$tablet" GET /profile

echo; echo '== Read the state of the service'
call 200 '' GET /health
echo; echo 'The tour is complete.'
