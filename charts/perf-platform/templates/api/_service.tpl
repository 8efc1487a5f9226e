{{/* (list . component) -> Service of a Deployment of the service */}}
{{- define "perf-platform.apiService" -}}
{{- $service := (index . 0).Values.api.service -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "perf-platform.metadata" . | nindent 2 }}
spec:
  type: {{ $service.type }}
  selector:
    {{- include "perf-platform.selectorLabels" . | nindent 4 }}
  ports:
    - name: http
      port: {{ int $service.port }}
      targetPort: http
    - name: metrics
      port: {{ int $service.metricsPort }}
      targetPort: metrics
{{- end -}}
