{{/* What every pod and every container of ours has. */}}

{{/* Takes a dict: root, component, values; account (else that of the component), uid, spread, grace,
isAnalysis (placed like analyses alone, not like the rest of the release). */}}
{{- define "packamal.pod" -}}
{{- $root := .root -}}
{{- $values := .values -}}
{{- $uid := .uid | default 10001 -}}
serviceAccountName: {{ .account | default (printf "%s-%s" (include "packamal.fullname" $root) .component) }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ $uid }}
  runAsGroup: {{ $uid }}
  fsGroup: {{ $uid }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with $root.Values.images.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .grace }}
terminationGracePeriodSeconds: {{ . }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- $shared := ternary (dict) $root.Values (.isAnalysis | default false) -}}
{{- with $values.nodeSelector | default $shared.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations | default $shared.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .spread }}
topologySpreadConstraints:
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "packamal.selector" (list $root $.component) | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}
{{- end -}}

{{- define "packamal.locked" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* Image of a container. Takes (list root name). */}}
{{- define "packamal.container" -}}
image: {{ include "packamal.image" . | quote }}
imagePullPolicy: {{ (index . 0).Values.images.pullPolicy }}
securityContext:
  {{- include "packamal.locked" . | nindent 2 }}
{{- end -}}

{{/* Networks that pods have their addresses from. */}}
{{- define "packamal.inside" -}}
{{- concat (list "10.0.0.0/8" "100.64.0.0/10" "172.16.0.0/12" "192.168.0.0/16" "fc00::/7") .Values.network.clusterCidrs | uniq | join "," -}}
{{- end -}}

{{/* Settings of the service; secrets by file. */}}
{{- define "packamal.environment" -}}
{{- $hosts := concat .Values.hosts (list (printf "%s-frontend" (include "packamal.fullname" .)) "localhost") -}}
- {name: PACKAMAL_SERVER_SHAPE, value: full}
- {name: PACKAMAL_SERVER_DATA_DIR, value: /srv/data}
- {name: PACKAMAL_SERVER_SECRET_KEY_FILE, value: /run/secrets/packamal/secret-key}
- {name: PACKAMAL_SERVER_DATABASE_URL_FILE, value: /run/secrets/database/url}
- {name: PACKAMAL_SERVER_REDIS_URL_FILE, value: /run/secrets/redis/url}
- {name: PACKAMAL_SERVER_ALLOWED_HOSTS, value: {{ $hosts | uniq | join "," | quote }}}
- {name: PACKAMAL_SERVER_PUBLIC_URL, value: {{ include "packamal.publicUrl" . | quote }}}
- {name: PACKAMAL_SERVER_SECURE, value: {{ include "packamal.hasTls" . | quote }}}
- {name: PACKAMAL_SERVER_PROXIES, value: {{ include "packamal.inside" . | quote }}} # the frontend; a policy keeps others away
{{- range $name, $value := .Values.settings }}
- {name: PACKAMAL_SERVER_{{ snakecase $name | upper }}, value: {{ $value | int64 | toString | quote }}}
{{- end }}
{{- range $name, $address := .Values.feeds.addresses }}
- {name: PACKAMAL_SERVER_FEED_{{ upper $name }}, value: {{ $address | quote }}}
{{- end }}
- {name: PACKAMAL_SERVER_FEED_PERIOD_S, value: {{ .Values.feeds.periodSeconds | int64 | toString | quote }}}
- {name: PACKAMAL_SERVER_FEED_WAITING, value: {{ .Values.feeds.waiting | int64 | toString | quote }}}
{{- with .Values.webhooks.innerReceivers }}
- {name: PACKAMAL_SERVER_INNER_RECEIVERS, value: {{ join "," . | quote }}}
{{- end }}
- {name: HOME, value: /tmp}
- {name: TMPDIR, value: /tmp}
{{- end -}}

{{/* The provider that people sign in with; for the backend alone. */}}
{{- define "packamal.oidc" -}}
{{- with .Values.oidc -}}
- {name: PACKAMAL_SERVER_OIDC_ISSUER, value: {{ .issuer | quote }}}
- {name: PACKAMAL_SERVER_OIDC_CLIENT_ID, value: {{ .clientId | quote }}}
- {name: PACKAMAL_SERVER_OIDC_CLIENT_SECRET_FILE, value: /run/secrets/oidc/client-secret}
- {name: PACKAMAL_SERVER_OIDC_ROLES, value: {{ .roles | join "," | quote }}}
- {name: PACKAMAL_SERVER_OIDC_ROLE_CLAIM, value: {{ .roleClaim | quote }}}
- {name: PACKAMAL_SERVER_OIDC_UNKNOWN_ROLE, value: {{ .unknownRole | quote }}}
- {name: PACKAMAL_SERVER_OIDC_TENANTS, value: {{ .tenants | join "," | quote }}}
- {name: PACKAMAL_SERVER_OIDC_DOMAINS, value: {{ .domains | join "," | quote }}}
- {name: PACKAMAL_SERVER_OIDC_LABEL, value: {{ .label | quote }}}
{{- end -}}
{{- end -}}

{{/* Where the service reads its secrets and keeps its files. Takes a dict: root, results (rw, ro or nothing), uploads. */}}
{{- define "packamal.mounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: data, mountPath: /srv/data}
- {name: auth, mountPath: /run/secrets/packamal, readOnly: true}
- {name: database, mountPath: /run/secrets/database, readOnly: true}
- {name: redis, mountPath: /run/secrets/redis, readOnly: true}
{{- if .results }}
- {name: results, mountPath: /srv/data/results, readOnly: {{ eq .results "ro" }}}
{{- end }}
{{- if .uploads }}
- {name: shared, mountPath: /srv/data/quarantine}
{{- end }}
{{- end -}}

{{- define "packamal.volumes" -}}
- name: tmp
  emptyDir: {sizeLimit: {{ .tmp | default "256Mi" }}}
- name: data
  emptyDir: {sizeLimit: 256Mi}
- name: auth
  secret:
    secretName: {{ .root.Values.auth.existingSecret }}
    defaultMode: 0440
    items:
      - {key: secret-key, path: secret-key}
      {{- if .admin }}
      - {key: admin-password, path: admin-password}
      {{- end }}
- name: database
  secret:
    secretName: {{ include "packamal.databaseSecret" .root }}
    defaultMode: 0440
    items: [{key: url, path: url}]
- name: redis
  secret:
    secretName: {{ include "packamal.redisSecret" .root }}
    defaultMode: 0440
    items: [{key: url, path: url}]
{{- if .results }}
- name: results
  persistentVolumeClaim: {claimName: {{ include "packamal.fullname" .root }}-analysis-results, readOnly: {{ eq .results "ro" }}}
{{- end }}
{{- if .uploads }}
- name: shared
  persistentVolumeClaim: {claimName: {{ include "packamal.fullname" .root }}-app-shared}
{{- end }}
{{- end -}}

{{/* Adds up what the processes of a pod counted. */}}
{{- define "packamal.metricsContainer" -}}
- name: metrics
  {{- include "packamal.container" (list . "backend") | nindent 2 }}
  args: [metrics, --bind, "0.0.0.0:9102", --folder, /srv/data/metrics]
  ports: [{name: metrics, containerPort: 9102}]
  livenessProbe:
    tcpSocket: {port: metrics}
    periodSeconds: 30
  resources:
    requests: {cpu: 5m, memory: 48Mi}
    limits: {cpu: 200m, memory: 96Mi}
  volumeMounts:
    - {name: data, mountPath: /srv/data}
    - {name: tmp, mountPath: /tmp}
{{- end -}}

{{/* Lives while its file is touched; what else it needs is no reason to start it again. Takes the file. */}}
{{- define "packamal.beating" -}}
exec:
  command: [sh, -c, 'test -n "$(find {{ . }} -mmin -2)"']
periodSeconds: 30
timeoutSeconds: 10
failureThreshold: 3
{{- end -}}

{{/* Where analyses and what serves them on a node are put. */}}
{{- define "packamal.analysisPlacement" -}}
{{- with .Values.analysis.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.analysis.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
