{{/* (list . component...) -> pod selector of these components of the release */}}
{{- define "perf-platform.podsOf" -}}
{{- $root := index . 0 -}}
podSelector:
  matchLabels:
    app.kubernetes.io/name: {{ include "perf-platform.name" $root }}
    app.kubernetes.io/instance: {{ $root.Release.Name }}
  matchExpressions:
    - {key: app.kubernetes.io/component, operator: In, values: {{ rest . | toJson }}}
{{- end -}}

{{/* (list . component port...) -> egress rule to a component's named ports */}}
{{- define "perf-platform.egressToComponent" -}}
- to:
    - {{- include "perf-platform.podsOf" (list (index . 0) (index . 1)) | nindent 6 }}
  ports:
    {{- range slice . 2 }}
    - port: {{ . }}
    {{- end }}
{{- end -}}

{{/*
dict host, port -> egress rules to a name or address outside the release.
A policy sees pods and addresses, never names: an address gets its port; a name in the cluster the pods of its namespace,
on any port, because a Service's port is not its pods'; any other name its port wherever it leads. `service.namespace`
may be either, so it gets both.
*/}}
{{- define "perf-platform.egressToHost" -}}
{{- $labels := splitList "." .host -}}
{{- if regexMatch "^([0-9.]+|.*:.*)$" .host }}
- to: [{ipBlock: {cidr: {{ .host }}/{{ contains ":" .host | ternary 128 32 }}}}]
  ports: [{port: {{ int .port }}}]
{{- else if eq (len $labels) 1 }}
- to: [{podSelector: {}}]
{{- else }}
{{- $inside := or (eq (index $labels (sub (len $labels) 1 | int)) "svc") (hasSuffix ".svc.cluster.local" .host) }}
{{- if or $inside (eq (len $labels) 2) }}
- to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ index $labels 1 | quote }}}}}]
{{- end }}
{{- if not $inside }}
- ports: [{port: {{ int .port }}}]
{{- end }}
{{- end }}
{{- end -}}

{{/* url -> egress rules */}}
{{- define "perf-platform.egressToUrl" -}}
{{- $url := urlParse . -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default (eq $url.scheme "https" | ternary "443" "80") -}}
{{- include "perf-platform.egressToHost" (dict "host" (regexReplaceAll "(:[0-9]+$|\\[|\\])" $url.host "") "port" $port) -}}
{{- end -}}

{{/* The service under load, and its metrics controller */}}
{{- define "perf-platform.egressToTarget" -}}
{{- if .Values.target.url -}}
{{- include "perf-platform.egressToUrl" .Values.target.url -}}
{{- else -}}
{{- include "perf-platform.egressToComponent" (list . "api" "http") -}}
{{- end -}}
{{- end -}}

{{- define "perf-platform.egressToMongodb" -}}
{{- if .Values.mongodb.enabled -}}
{{- include "perf-platform.egressToComponent" (list . "mongodb" "mongodb") -}}
{{- else if and .Values.mongodb.url (not .Values.mongodb.auth.existingSecret) (hasPrefix "mongodb://" .Values.mongodb.url) -}}
{{- range regexReplaceAll "^mongodb://([^@/]*@)?([^/?]*).*$" .Values.mongodb.url "${2}" | splitList "," -}}
{{- include "perf-platform.egressToHost" (dict "host" (regexReplaceAll ":[0-9]+$" . "") "port" (regexFind ":[0-9]+$" . | trimPrefix ":" | default "27017")) -}}
{{- end -}}
{{- else }}
# Where it is stands in a Secret or in DNS: its usual port, wherever it leads.
- ports: [{port: 27017}]
{{- end -}}
{{- end -}}
