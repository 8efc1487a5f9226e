{{/* Names. The longest suffix is -functional-tests-<revision>: 40 + 23 = 63 characters. */}}
{{- define "perf-platform.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "perf-platform.fullname" -}}
{{- $name := printf "%s-%s" .Release.Name (include "perf-platform.name" .) -}}
{{- if .Values.fullnameOverride -}}
{{- $name = .Values.fullnameOverride -}}
{{- else if contains (include "perf-platform.name" .) .Release.Name -}}
{{- $name = .Release.Name -}}
{{- end -}}
{{- if gt (len $name) 40 -}}
{{- /* What is cut off still tells two releases apart. */ -}}
{{- printf "%s-%s" ($name | trunc 33 | trimSuffix "-") ($name | sha256sum | trunc 6) -}}
{{- else -}}
{{- $name | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* (list . "component") -> name of the component's objects */}}
{{- define "perf-platform.component" -}}
{{- printf "%s-%s" (include "perf-platform.fullname" (index . 0)) (index . 1) -}}
{{- end -}}

{{/* (list . "component") -> what selectors and pod templates carry: nothing that changes with a version */}}
{{- define "perf-platform.selectorLabels" -}}
app.kubernetes.io/name: {{ include "perf-platform.name" (index . 0) }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "perf-platform.labels" -}}
{{- $root := index . 0 -}}
{{ include "perf-platform.selectorLabels" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* (list . "component") -> metadata of an object of that component */}}
{{- define "perf-platform.metadata" -}}
name: {{ include "perf-platform.component" . }}
namespace: {{ (index . 0).Release.Namespace }}
labels:
  {{- include "perf-platform.labels" . | nindent 2 }}
{{- end -}}

{{/* (list . image) -> image reference */}}
{{- define "perf-platform.image" -}}
{{- $root := index . 0 -}}{{- $image := index . 1 -}}
{{- if $image.ref -}}
{{- $image.ref -}}
{{- else -}}
{{- $repository := $image.repository -}}
{{- with $root.Values.global.imageRegistry }}{{ $repository = printf "%s/%s" (trimSuffix "/" .) $repository }}{{ end -}}
{{- printf "%s:%s" $repository (default $root.Chart.AppVersion $image.tag | toString) -}}
{{- end -}}
{{- end -}}

{{/* What every pod of ours has in common. */}}
{{- define "perf-platform.podDefaults" -}}
serviceAccountName: {{ include "perf-platform.fullname" . }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.global.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* A value as text; Helm's numbers are floats, and 1234567890 would become 1.23456789e+09 */}}
{{- define "perf-platform.text" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) -}}{{- printf "%.0f" . -}}{{- else -}}{{- . -}}{{- end -}}
{{- end -}}

{{/* "true" when a feature that needs an API group is on: its value is auto, true or false */}}
{{- define "perf-platform.featureOn" -}}
{{- $root := index . 0 -}}{{- $wanted := index . 1 | toString -}}{{- $api := index . 2 -}}
{{- if or (eq $wanted "true") (and (eq $wanted "auto") ($root.Capabilities.APIVersions.Has $api)) -}}true{{- end -}}
{{- end -}}

{{- define "perf-platform.apiUrl" -}}
{{- printf "http://%s:%v" (include "perf-platform.component" (list . "api")) .Values.api.service.port -}}
{{- end -}}

{{- define "perf-platform.targetUrl" -}}
{{- .Values.target.url | default (include "perf-platform.apiUrl" .) -}}
{{- end -}}

{{- define "perf-platform.masterUrl" -}}
{{- printf "http://%s:%v" (include "perf-platform.component" (list . "master")) .Values.web.service.port -}}
{{- end -}}

{{- define "perf-platform.webSecret" -}}
{{- .Values.web.existingSecret | default (include "perf-platform.component" (list . "web")) -}}
{{- end -}}

{{- define "perf-platform.mongodbSecret" -}}
{{- .Values.mongodb.auth.existingSecret | default (include "perf-platform.component" (list . "mongodb")) -}}
{{- end -}}

{{/* "true" when two images of the service are loaded in turns */}}
{{- define "perf-platform.ab" -}}
{{- if and .Values.api.enabled .Values.ab.baselineImage .Values.ab.currentImage -}}true{{- end -}}
{{- end -}}

{{/* Components that run the service, as a JSON list */}}
{{- define "perf-platform.apiComponents" -}}
{{- $found := list -}}
{{- if .Values.api.enabled }}{{ $found = append $found "api" }}{{ end -}}
{{- if include "perf-platform.ab" . }}{{ $found = concat $found (list "api-baseline" "api-current") }}{{ end -}}
{{- $found | toJson -}}
{{- end -}}

{{- define "perf-platform.apiSecret" -}}
{{- .Values.api.existingSecret | default (include "perf-platform.component" (list . "api")) -}}
{{- end -}}

{{/* Whose metrics controller is switched on with every run; empty = nobody's */}}
{{- define "perf-platform.metricsController" -}}
{{- if ne .Values.target.metricsController "auto" -}}
{{- .Values.target.metricsController -}}
{{- else if and .Values.api.enabled (not .Values.target.url) -}}
{{- include "perf-platform.apiUrl" . }}/v1/metrics-controller
{{- end -}}
{{- end -}}

{{/* Secret with the token of the target's administrative routes; empty = there is none */}}
{{- define "perf-platform.targetSecret" -}}
{{- if .Values.target.existingSecret -}}
{{- .Values.target.existingSecret -}}
{{- else if .Values.api.enabled -}}
{{- include "perf-platform.apiSecret" . -}}
{{- end -}}
{{- end -}}

{{- define "perf-platform.smtpSecret" -}}
{{- .Values.smtp.existingSecret | default (include "perf-platform.component" (list . "smtp")) -}}
{{- end -}}

{{- define "perf-platform.webhookSecret" -}}
{{- .Values.webhook.existingSecret | default (include "perf-platform.component" (list . "webhook")) -}}
{{- end -}}

{{/* Secrets that the values name and the chart does not make, with the keys they need, as a JSON object */}}
{{- define "perf-platform.namedSecrets" -}}
{{- $found := dict -}}
{{- with .Values.web.existingSecret }}{{ $_ := set $found . "--from-literal=password=... --from-literal=token=..." }}{{ end -}}
{{- if .Values.api.enabled -}}
{{- with .Values.api.existingSecret }}{{ $_ := set $found . "--from-literal=admin-token=... --from-literal=cursor-key=..." }}{{ end -}}
{{- with .Values.mongodb.auth.existingSecret }}{{ $_ := set $found . "--from-literal=url=mongodb://... --from-literal=password=..." }}{{ end -}}
{{- end -}}
{{- with .Values.target.existingSecret }}{{ $_ := set $found . "--from-literal=admin-token=..." }}{{ end -}}
{{- if .Values.smtp.enabled -}}
{{- with .Values.smtp.existingSecret }}{{ $_ := set $found . "--from-literal=user=... --from-literal=password=..." }}{{ end -}}
{{- end -}}
{{- with .Values.webhook.existingSecret }}{{ $_ := set $found . "--from-literal=url=https://..." }}{{ end -}}
{{- $found | toJson -}}
{{- end -}}

{{- define "perf-platform.claim" -}}
{{- .Values.runs.persistence.existingClaim | default (include "perf-platform.component" (list . "runs")) -}}
{{- end -}}

{{/* (list . secret key wanted length) -> base64 of: the wanted value, else the one that is there, else a new one */}}
{{- define "perf-platform.keptSecret" -}}
{{- $root := index . 0 -}}{{- $key := index . 2 -}}{{- $wanted := index . 3 -}}
{{- $there := lookup "v1" "Secret" $root.Release.Namespace (index . 1) -}}
{{- if $wanted -}}
{{- $wanted | b64enc -}}
{{- else if and $there (hasKey $there.data $key) -}}
{{- index $there.data $key -}}
{{- else -}}
{{- randAlphaNum (index . 4) | b64enc -}}
{{- end -}}
{{- end -}}

{{/* Live number of workers, so that an upgrade keeps what `kubectl scale` set. */}}
{{- define "perf-platform.workerReplicas" -}}
{{- $wanted := int .Values.locust.worker.replicas -}}
{{- if .Values.locust.worker.preserveScale -}}
{{- $live := lookup "apps/v1" "Deployment" .Release.Namespace (include "perf-platform.component" (list . "worker")) -}}
{{- if $live -}}{{- $wanted = int $live.spec.replicas -}}{{- end -}}
{{- end -}}
{{- $wanted -}}
{{- end -}}

{{/* What master and workers have in common: the locustfile they load. */}}
{{- define "perf-platform.locustfile" -}}
{{- $files := .Values.locust.files -}}
{{- $mounted := or $files.content $files.existingConfigMap -}}
{{- $names := splitList "," ($files.locustfile | default (empty $mounted | ternary "" "locustfile.py")) -}}
{{- if and (eq $files.locustfile ".") $files.content -}}
{{- /* Named one by one: in a mounted ConfigMap Locust would find each file twice. */ -}}
{{- $names = list -}}
{{- range $name, $_ := $files.content }}{{ if and (hasSuffix ".py" $name) (not (hasPrefix "_" $name)) }}{{ $names = append $names $name }}{{ end }}{{ end -}}
{{- end -}}
{{- $paths := list -}}
{{- range $names }}{{ if . }}{{ $paths = append $paths (hasPrefix "/" . | ternary . (printf "/locustfiles/%s" .)) }}{{ end }}{{ end -}}
{{- join "," $paths -}}
{{- end -}}

{{- define "perf-platform.locustArgs" -}}
{{- with include "perf-platform.locustfile" . }}
- -f
- {{ . }}
{{- end }}
{{- range .Values.locust.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end -}}

{{/* Of master and workers: a locustfile that does not load fails runs, and does not end the process again and again. */}}
{{- define "perf-platform.standIn" -}}
- name: PERF_STAND_IN
  value: "true"
{{- end -}}

{{- define "perf-platform.locustEnv" -}}
{{- if and .Values.dev.sources (not (include "perf-platform.locustfile" .)) }}
- name: LOCUST_LOCUSTFILE
  value: /sources/perf_locust/workload.py
{{- end }}
{{- range $name, $value := .Values.locust.env }}
- name: {{ $name }}
  value: {{ include "perf-platform.text" $value | quote }}
{{- end }}
{{- end -}}

{{- define "perf-platform.locustMounts" -}}
- name: tmp
  mountPath: /tmp
{{- with include "perf-platform.devMount" . }}
{{ . }}
{{- end }}
{{- if or .Values.locust.files.content .Values.locust.files.existingConfigMap }}
- name: locustfiles
  mountPath: /locustfiles
  readOnly: true
{{- end }}
{{- with .Values.locust.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "perf-platform.locustVolumes" -}}
- name: tmp
  emptyDir: {}
{{- with include "perf-platform.devVolume" . }}
{{ . }}
{{- end }}
{{- if or .Values.locust.files.content .Values.locust.files.existingConfigMap }}
- name: locustfiles
  configMap:
    name: {{ .Values.locust.files.existingConfigMap | default (include "perf-platform.component" (list . "locustfiles")) }}
{{- end }}
{{- with .Values.locust.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Hash of what the locustfiles say, not of the ConfigMap: its labels carry the chart's version. */}}
{{- define "perf-platform.filesChecksum" -}}
{{- .Values.locust.files.content | toJson | sha256sum -}}
{{- end -}}

{{- define "perf-platform.placement" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
