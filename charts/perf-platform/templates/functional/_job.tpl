{{/* The suite as a Job. dict root, name, annotations */}}
{{- define "perf-platform.functionalJob" -}}
{{- $root := .root -}}{{- $tests := $root.Values.functionalTests -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "perf-platform.labels" (list $root "functional-tests") | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  backoffLimit: 0
  activeDeadlineSeconds: {{ int $tests.timeoutSeconds }}
  ttlSecondsAfterFinished: {{ int $tests.ttlSeconds }}
  template:
    metadata:
      labels:
        {{- include "perf-platform.selectorLabels" (list $root "functional-tests") | nindent 8 }}
    spec:
      {{- include "perf-platform.podDefaults" $root | nindent 6 }}
      restartPolicy: Never
      securityContext:
        {{- toYaml $root.Values.podSecurityContext | nindent 8 }}
      containers:
        - name: functional-tests
          image: {{ include "perf-platform.image" (list $root $tests.image) }}
          imagePullPolicy: {{ $tests.image.pullPolicy }}
          {{- with $tests.args }}
          args:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          env:
            {{- if $root.Values.api.enabled }}
            - name: PERF_TEST_API_URL
              value: {{ include "perf-platform.apiUrl" $root }}
            - name: PERF_TEST_API_METRICS_URL
              value: http://{{ include "perf-platform.component" (list $root "api") }}:{{ $root.Values.api.service.metricsPort }}/metrics
            - name: PERF_API_ADMIN_TOKEN
              valueFrom: {secretKeyRef: {name: {{ include "perf-platform.apiSecret" $root }}, key: admin-token}}
            {{- end }}
            {{- if $root.Values.exporter.enabled }}
            - name: PERF_TEST_EXPORTER_URL
              value: http://{{ include "perf-platform.component" (list $root "exporter") }}:{{ $root.Values.exporter.port }}
            {{- end }}
            - name: PERF_TEST_MASTER_URL
              value: {{ include "perf-platform.masterUrl" $root }}
            - name: PERF_MASTER_TOKEN
              valueFrom: {secretKeyRef: {name: {{ include "perf-platform.webSecret" $root }}, key: token}}
            {{- with $root.Values.monitoring.prometheusUrl }}
            - name: PERF_PROMETHEUS_URL
              value: {{ . | quote }}
            - name: PERF_TEST_NAMESPACE
              value: {{ $root.Release.Namespace }}
            - name: PERF_TEST_MONITORING_LABELS
              value: {{ $root.Values.monitoring.labels | toJson | quote }}
            {{- end }}
          securityContext:
            {{- toYaml $root.Values.containerSecurityContext | nindent 12 }}
          resources:
            {{- toYaml $tests.resources | nindent 12 }}
          volumeMounts:
            - name: tmp
              mountPath: /tmp
      volumes:
        - name: tmp
          emptyDir: {}
{{- end -}}
