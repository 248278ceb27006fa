{{/* Names, labels, images. A component is one word: backend, worker, postgresql ... */}}

{{- define "packamal.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains "packamal" .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-packamal" (.Release.Name | trunc 31 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{/* What a selector may hold: it never changes over an upgrade. Takes (list root component). */}}
{{- define "packamal.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: packamal
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "packamal.labels" -}}
{{- $root := index . 0 -}}
{{ include "packamal.selector" . }}
app.kubernetes.io/part-of: packamal
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* metadata of an object of a component, in the release's namespace. */}}
{{- define "packamal.metadata" -}}
{{- $root := index . 0 -}}
name: {{ include "packamal.fullname" $root }}-{{ index . 1 }}
namespace: {{ $root.Release.Namespace }}
labels:
  {{- include "packamal.labels" . | nindent 2 }}
{{- end -}}

{{/* registry/repository:tag@digest of one of `images`. Takes (list root name). */}}
{{- define "packamal.image" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $image := index $root.Values.images $name -}}
{{- $registry := $image.registry | default $root.Values.images.registry -}}
{{- $tag := $image.tag | default $root.Chart.AppVersion -}}
{{- if eq $tag "latest" -}}
{{- fail (printf "images.%s.tag: latest says nothing about what runs; name a version or a digest" $name) -}}
{{- end -}}
{{- with $registry }}{{ trimSuffix "/" . }}/{{ end }}{{ $image.repository }}:{{ $tag }}{{ with $image.digest }}@{{ . }}{{ end }}
{{- end -}}

{{- define "packamal.analysisNamespace" -}}
{{- .Values.analysis.namespace.name | default (printf "%s-analysis" .Release.Namespace) -}}
{{- end -}}

{{- define "packamal.nodeNamespace" -}}
{{- .Values.sandbox.installer.namespace | default (printf "%s-node" .Release.Namespace) -}}
{{- end -}}

{{/* Names of cluster-wide objects carry the namespace, so that two releases do not meet. */}}
{{- define "packamal.clusterName" -}}
{{- printf "%s-%s" .Release.Namespace (include "packamal.fullname" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "packamal.hasTls" -}}
{{- if and (ne .Values.route.kind "none") .Values.route.tls -}}yes{{- else -}}no{{- end -}}
{{- end -}}

{{- define "packamal.publicUrl" -}}
{{- if .Values.publicUrl -}}
{{- .Values.publicUrl -}}
{{- else -}}
{{- ternary "https" "http" (eq (include "packamal.hasTls" .) "yes") }}://{{ first .Values.hosts }}
{{- end -}}
{{- end -}}

{{/* Secret and key of what a store is reached by: generated for the built-in ones, the user's for others. */}}
{{- define "packamal.databaseSecret" -}}
{{- .Values.postgresql.existingSecret | default (printf "%s-postgresql" (include "packamal.fullname" .)) -}}
{{- end -}}
{{- define "packamal.redisSecret" -}}
{{- .Values.redis.existingSecret | default (printf "%s-redis" (include "packamal.fullname" .)) -}}
{{- end -}}

{{/* Looks for what cannot be said in a schema; called once, by the first template that is always there. */}}
{{- define "packamal.check" -}}
{{- if and (eq .Values.sandbox.profile "privileged") (ne .Values.sandbox.consent "I accept that a hostile package may take over the node") -}}
{{- fail "sandbox.profile privileged gives hostile code a privileged pod. Take restricted, which needs no privilege; else set sandbox.consent to: I accept that a hostile package may take over the node" -}}
{{- end -}}
{{- if not .Values.auth.existingSecret -}}
{{- fail "auth.existingSecret: name the Secret that holds secret-key and admin-password; the README has the command" -}}
{{- end -}}
{{- if and (not .Values.postgresql.enabled) (not .Values.postgresql.existingSecret) -}}
{{- fail "postgresql.existingSecret: without the built-in PostgreSQL, name the Secret whose key `url` says where yours is" -}}
{{- end -}}
{{- if and (not .Values.redis.enabled) (not .Values.redis.existingSecret) -}}
{{- fail "redis.existingSecret: without the built-in Redis, name the Secret whose key `url` says where yours is" -}}
{{- end -}}
{{- if and .Values.flower.enabled (not .Values.flower.existingSecret) -}}
{{- fail "flower.existingSecret: Flower shows everything it is asked for; name the Secret whose key `flower-config` holds its basic_auth" -}}
{{- end -}}
{{- if and .Values.oidc.issuer (not (and .Values.oidc.clientId .Values.oidc.existingSecret)) -}}
{{- fail "oidc: signing in with a provider needs clientId, and existingSecret, the Secret whose key `client-secret` proves it" -}}
{{- end -}}
{{- if eq (include "packamal.analysisNamespace" .) .Release.Namespace -}}
{{- fail "analysis.namespace.name: analyses need a namespace of their own" -}}
{{- end -}}
{{- if and (eq .Values.scans.autoscaling.kind "keda") .Values.postgresql.enabled -}}
{{- fail "scans.autoscaling.kind keda: its operator counts in the database from another namespace, which the built-in PostgreSQL lets nobody do; take hpa, or an external database" -}}
{{- end -}}
{{- if has (include "packamal.nodeNamespace" .) (list .Release.Namespace (include "packamal.analysisNamespace" .)) -}}
{{- fail "sandbox.installer.namespace: the installer needs a namespace of its own, a privileged one" -}}
{{- end -}}
{{- if and (eq .Values.results.transport "volume") (not .Values.results.source) -}}
{{- fail "results.source: a claim belongs to one namespace, so both namespaces need a volume on the same share: say its source (nfs or csi), or take results.transport upload" -}}
{{- end -}}
{{- end -}}
