{{- define "wasm-bpf.selector" -}}
app.kubernetes.io/name: wasm-bpf
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "wasm-bpf.labels" -}}
{{ include "wasm-bpf.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "wasm-bpf.secret" -}}
{{ .Values.metrics.existingSecret | default (printf "%s-metrics" .Release.Name) }}
{{- end }}

{{- define "wasm-bpf.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* The file of `wasm-bpf up`: each run with its port as options. */}}
{{- define "wasm-bpf.runs" -}}
runs:
{{- range .Values.runs }}
{{- $run := omit . "metricsPort" }}
{{- if .metricsPort }}
{{- $options := dict "metrics" (printf "0.0.0.0:%d" (int .metricsPort)) "metrics-token" "/etc/wasm-bpf/metrics/token" }}
{{- $run = set $run "options" (merge $options (.options | default dict)) }}
{{- end }}
  -
{{ toYaml $run | indent 4 }}
{{- end }}
{{- end }}
