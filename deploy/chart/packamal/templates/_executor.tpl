{{/* Where and how analyses run; read by the two workers alone. */}}
{{- define "packamal.executorEnvironment" -}}
{{- end -}}
