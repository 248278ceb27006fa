#!/bin/sh
# Prints the namespace and the one Secret that the chart needs, with random words: sh secrets.sh [NAMESPACE] | kubectl create -f -
# `create` and not `apply`, so that a Secret that is there is never replaced.
set -eu
namespace="${1:-packamal}"
word() { LC_ALL=C tr -dc 'A-Za-z0-9' < /dev/urandom | head -c 48; }
cat <<END
apiVersion: v1
kind: Namespace
metadata:
  name: $namespace
  labels:
    pod-security.kubernetes.io/enforce: restricted
    pod-security.kubernetes.io/enforce-version: v1.33
    pod-security.kubernetes.io/warn: restricted
---
apiVersion: v1
kind: Secret
metadata:
  name: packamal
  namespace: $namespace
stringData:
  secret-key: $(word)
  admin-password: $(word)
  flower-config: basic_auth = ["packamal:$(word)"]
END
