{{/* The name of most objects: that of the release, which names Latchkey. With "-headless" at most 63 characters. */}}
{{- define "latchkey.name" -}}
{{- $name := .Release.Name }}
{{- if not (contains "latchkey" $name) }}{{ $name = printf "%s-latchkey" $name }}{{ end }}
{{- $name | trunc 54 | trimSuffix "-" }}
{{- end }}

{{/* The path of PUBLIC_URL, such as /auth; empty without one. */}}
{{- define "latchkey.publicPath" -}}
{{- regexReplaceAll "/+$" (urlParse (.Values.settings.PUBLIC_URL | default "")).path "" }}
{{- end }}

{{/* What selects all pods of this release. */}}
{{- define "latchkey.selector" -}}
app.kubernetes.io/name: latchkey
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "latchkey.labels" -}}
{{ include "latchkey.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "latchkey.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}
{{- end }}

{{/* All settings without secrets: those that follow from other values, then those of the operator. */}}
{{- define "latchkey.settings" -}}
{{- $settings := dict
  "METRICS_PORT" "9464"
  "SHUTDOWN_DELAY" (printf "%ds" (int .Values.shutdown.delay))
  "SHUTDOWN_TIMEOUT" (printf "%ds" (int .Values.shutdown.timeout))
  "CANARY_PEERS" (printf "http://%s-headless:3000" (include "latchkey.name" .)) }}
{{- if .Values.ingress.enabled }}{{ $_ := set $settings "TRUST_PROXY" "1" }}{{ end }}
{{- if .Values.secrets.keys }}{{ $_ := set $settings "JWT_KEYS_DIR" "/etc/latchkey/keys" }}{{ end }}
{{- range $name, $value := .Values.settings }}{{ $_ := set $settings $name $value }}{{ end }}
{{- toYaml $settings }}
{{- end }}

{{- define "latchkey.podSecurity" -}}
runAsNonRoot: true
# `node` of the image.
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "latchkey.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* Where pods run and where their image comes from, for those of these values that are set. */}}
{{- define "latchkey.placement" -}}
{{- range $key := list "imagePullSecrets" "nodeSelector" "tolerations" "priorityClassName" }}
{{- with index $.Values $key }}
{{ toYaml (dict $key .) }}
{{- end }}
{{- end }}
{{- end }}
