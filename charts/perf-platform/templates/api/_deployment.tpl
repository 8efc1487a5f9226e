{{/* A Deployment of the service. dict root, component, image (complete reference) */}}
{{- define "perf-platform.apiDeployment" -}}
{{- $root := .root -}}{{- $api := $root.Values.api -}}{{- $component := .component -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "perf-platform.metadata" (list $root $component) | nindent 2 }}
spec:
  replicas: {{ int $api.replicas }}
  selector:
    matchLabels:
      {{- include "perf-platform.selectorLabels" (list $root $component) | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "perf-platform.selectorLabels" (list $root $component) | nindent 8 }}
      {{- with $api.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      {{- include "perf-platform.podDefaults" $root | nindent 6 }}
      terminationGracePeriodSeconds: {{ int $api.terminationGracePeriodSeconds }}
      securityContext:
        {{- toYaml $root.Values.podSecurityContext | nindent 8 }}
      {{- if $api.seedItems }}
      initContainers:
        - name: seed
          image: {{ .image }}
          imagePullPolicy: {{ $api.image.pullPolicy }}
          args: [seed, --items, {{ int $api.seedItems | quote }}, --wait, "120"]
          env:
            - name: PERF_API_DATABASE
              valueFrom:
                secretKeyRef:
                  name: {{ include "perf-platform.mongodbSecret" $root }}
                  key: url
          securityContext:
            {{- toYaml $root.Values.containerSecurityContext | nindent 12 }}
          resources:
            {{- toYaml $api.resources | nindent 12 }}
          volumeMounts:
            - name: tmp
              mountPath: /tmp
      {{- end }}
      containers:
        - name: api
          image: {{ .image }}
          imagePullPolicy: {{ $api.image.pullPolicy }}
          {{- with include "perf-platform.devCommand" (list $root "/app/.venv/bin/perf-api") }}
          {{- . | nindent 10 }}
          {{- end }}
          args: [serve]
          env:
            - name: PERF_API_DATABASE
              valueFrom:
                secretKeyRef:
                  name: {{ include "perf-platform.mongodbSecret" $root }}
                  key: url
            - name: PERF_API_HOST
              value: 0.0.0.0
            - name: PERF_API_PORT
              value: "8000"
            - name: PERF_API_METRICS_PORT
              value: "9000"
            - name: PERF_API_ADMIN_TOKEN
              valueFrom: {secretKeyRef: {name: {{ include "perf-platform.apiSecret" $root }}, key: admin-token}}
            - name: PERF_API_CURSOR_KEY
              valueFrom: {secretKeyRef: {name: {{ include "perf-platform.apiSecret" $root }}, key: cursor-key}}
            {{- if $api.enableFaults }}
            - name: PERF_API_ENABLE_FAULTS
              value: "true"
            {{- end }}
            {{- range $name, $value := $api.env }}
            - name: {{ $name }}
              value: {{ include "perf-platform.text" $value | quote }}
            {{- end }}
          ports:
            - name: http
              containerPort: 8000
            - name: metrics
              containerPort: 9000
          startupProbe:
            httpGet: {path: /health/live, port: http}
            periodSeconds: 2
            failureThreshold: 60
          readinessProbe:
            httpGet: {path: /health/ready, port: http}
            periodSeconds: 5
            timeoutSeconds: 3
          livenessProbe:
            httpGet: {path: /health/live, port: http}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          securityContext:
            {{- toYaml $root.Values.containerSecurityContext | nindent 12 }}
          resources:
            {{- toYaml $api.resources | nindent 12 }}
          volumeMounts:
            - name: tmp
              mountPath: /tmp
            {{- with include "perf-platform.devMount" $root }}
            {{- . | nindent 12 }}
            {{- end }}
      volumes:
        - name: tmp
          emptyDir: {}
        {{- with include "perf-platform.devVolume" $root }}
        {{- . | nindent 8 }}
        {{- end }}
      {{- include "perf-platform.placement" $api | nindent 6 }}
{{- end -}}
