{{/* perf-platform.toml: what every run of this release has in common. JSON strings are TOML strings. */}}
{{- define "perf-platform.configuration" -}}
{{- $run := .Values.run -}}
host = {{ include "perf-platform.targetUrl" . | toJson }}
users = {{ int $run.users }}
{{- with $run.spawnRate }}
spawn_rate = {{ . }}
{{- end }}
run_time = {{ $run.runTime | toJson }}
{{- with $run.scenario }}
scenario = {{ . | toJson }}
{{- end }}
{{- with $run.baseline }}
baseline = {{ . | toJson }}
{{- end }}
strict = {{ $run.strict }}
{{- with include "perf-platform.metricsController" . }}

[target]
metrics_controller = {{ . | toJson }}
{{- end }}
{{- with $run.labels }}

[labels]
{{- range $name, $value := . }}
{{ $name | toJson }} = {{ include "perf-platform.text" $value | toJson }}
{{- end }}
{{- end }}
{{- with $run.thresholds }}

[thresholds]
{{- range $name, $sentence := . }}
{{ $name | toJson }} = {{ $sentence | toJson }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The same for runs that are started from the web UI: the plan of the master, as JSON. */}}
{{- define "perf-platform.plan" -}}
{{- $run := .Values.run -}}
{{- $labels := dict -}}
{{- range $name, $value := $run.labels }}{{ $_ := set $labels $name (include "perf-platform.text" $value) }}{{ end -}}
{{- $thresholds := dict -}}
{{- range $name, $sentence := $run.thresholds }}{{ $_ := set $thresholds (printf "thresholds.%s" $name) $sentence }}{{ end -}}
{{- $plan := dict "strict" $run.strict "labels" $labels "thresholds" $thresholds -}}
{{- with $run.scenario }}{{ $_ := set $plan "scenario" . }}{{ end -}}
{{- with $run.baseline }}{{ $_ := set $plan "baseline" . }}{{ end -}}
{{- with include "perf-platform.metricsController" . }}{{ $_ := set $plan "metrics_controller" . }}{{ end -}}
{{- $plan | toJson -}}
{{- end -}}
