{{/* Where and how analyses run. For those who start, find and receive them. */}}
{{- define "packamal.executorEnvironment" -}}
{{- $analysis := .Values.analysis -}}
{{- $said := dict
  "EXECUTOR" "kubernetes"
  "JOB_NAMESPACE" (include "packamal.analysisNamespace" .)
  "JOB_IMAGE" (include "packamal.image" (list . "analysis"))
  "JOB_CALLBACK_URL" (printf "http://%s-internal.%s.svc:8001" (include "packamal.fullname" .) .Release.Namespace)
  "JOB_SERVICE_ACCOUNT" "analysis"
  "JOB_PROFILE" .Values.sandbox.profile
  "JOB_SECCOMP_PROFILE" .Values.sandbox.seccompProfile
  "JOB_USER_NAMESPACE" (ternary "yes" "no" .Values.sandbox.userNamespaces)
  "JOB_TRANSPORT" .Values.results.transport
  "JOB_CPU" (index $analysis.resources "cpu" | toString)
  "JOB_MEMORY" (index $analysis.resources "memory" | toString)
  "JOB_STORAGE" (index $analysis.resources "ephemeral-storage" | toString)
  "JOB_NODE_SELECTOR" (toJson $analysis.nodeSelector)
  "JOB_TOLERATIONS" (toJson $analysis.tolerations)
  "JOB_AFFINITY" (toJson $analysis.affinity)
  "JOB_PRIORITY_CLASS" (printf "%s-analysis" (include "packamal.clusterName" .))
  "JOB_PULL_POLICY" .Values.images.pullPolicy
  "JOB_ENVIRONMENT" (toJson $analysis.environment)
  "JOB_TTL_S" ($analysis.ttlSeconds | toString) -}}
{{- if eq .Values.sandbox.profile "kata" }}{{ $_ := set $said "JOB_RUNTIME_CLASS" .Values.sandbox.runtimeClass }}{{ end -}}
{{- if eq .Values.results.transport "volume" }}{{ $_ := set $said "JOB_CLAIM" "job-results" }}{{ $_ := set $said "JOB_RESULTS_DIR" "/srv/job-results" }}{{ end -}}
{{- $secrets := list }}{{ range .Values.images.pullSecrets }}{{ $secrets = append $secrets .name }}{{ end -}}
{{- with $secrets }}{{ $_ := set $said "JOB_PULL_SECRETS" (join "," .) }}{{ end -}}
{{- range $name, $value := $said }}
- {name: PACKAMAL_SERVER_{{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end -}}

{{/* The volume of results of Jobs, where they come back by it. Takes a dict: root, readOnly. */}}
{{- define "packamal.jobResultsMount" -}}
{{- if eq .root.Values.results.transport "volume" }}
- {name: job-results, mountPath: /srv/job-results, readOnly: {{ .readOnly }}}
{{- end }}
{{- end -}}

{{- define "packamal.jobResultsVolume" -}}
{{- if eq .Values.results.transport "volume" }}
- name: job-results
  persistentVolumeClaim: {claimName: {{ include "packamal.fullname" . }}-job-results}
{{- end }}
{{- end -}}
