{{/* Who is told of a verdict, and where the links in what they get lead. */}}
{{- define "perf-platform.notifyEnv" -}}
{{- with .Values.web.publicUrl }}
- name: PERF_PUBLIC_URL
  value: {{ . | quote }}
{{- end }}
{{- with .Values.web.grafanaUrl }}
- name: PERF_GRAFANA_URL
  value: {{ . | quote }}
{{- end }}
{{- with .Values.monitoring.prometheusUrl }}
- name: PERF_PROMETHEUS_URL
  value: {{ . | quote }}
{{- end }}
{{- if .Values.smtp.enabled }}
- name: PERF_SMTP_HOST
  value: {{ .Values.smtp.host | quote }}
- name: PERF_SMTP_PORT
  value: {{ .Values.smtp.port | quote }}
- name: PERF_SMTP_SECURITY
  value: {{ .Values.smtp.security | quote }}
- name: PERF_SMTP_FROM
  value: {{ .Values.smtp.from | quote }}
- name: PERF_SMTP_TO
  value: {{ .Values.smtp.to | quote }}
- name: PERF_SMTP_USER
  valueFrom: {secretKeyRef: {name: {{ include "perf-platform.smtpSecret" . }}, key: user}}
- name: PERF_SMTP_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ include "perf-platform.smtpSecret" . }}, key: password}}
{{- end }}
{{- if or .Values.webhook.url .Values.webhook.existingSecret }}
- name: PERF_WEBHOOK_URL
  valueFrom: {secretKeyRef: {name: {{ include "perf-platform.webhookSecret" . }}, key: url}}
{{- end }}
- name: PERF_NOTIFY_ON
  value: {{ .Values.notifications.when }}
{{- end -}}
