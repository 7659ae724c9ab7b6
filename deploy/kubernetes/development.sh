#!/bin/sh
# Brings Latchkey, Postgres and Redis up in the cluster of the current context of kubectl, or brings them up to date.
# The cluster needs the image latchkey:development: docs/kubernetes.md. The secrets are made once.
set -eu
cd "$(dirname "$0")/overlays/development"

random() {
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

if [ ! -e secrets ]; then
  umask 077
  rm -rf secrets.new
  mkdir secrets.new
  postgres=$(random) redis=$(random)
  cat > secrets.new/latchkey.env <<END
DATABASE_URL=postgres://latchkey:$postgres@postgres:5432/latchkey
REDIS_URL=redis://:$redis@redis:6379
JWT_SECRET=$(random)
END
  grep '^DATABASE_URL=' secrets.new/latchkey.env > secrets.new/migrate.env
  cat > secrets.new/stores.env <<END
POSTGRES_PASSWORD=$postgres
REDIS_PASSWORD=$redis
END
  mv secrets.new secrets
fi

existed=$(kubectl --namespace latchkey get deployment latchkey --ignore-not-found --output name)
# A Job cannot be changed, and this one runs again for each image.
kubectl --namespace latchkey delete job latchkey-migrate --ignore-not-found
kubectl apply -k .
if [ -n "$existed" ]; then
  # A new image has the tag of the old one.
  kubectl --namespace latchkey rollout restart deployment/latchkey
fi
kubectl --namespace latchkey rollout status deployment/latchkey --timeout 5m
