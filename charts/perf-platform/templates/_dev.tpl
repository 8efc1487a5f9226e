{{/* dev.sources: our packages on a volume of the pod's user, first on the path, and a program that reloads them. */}}

{{/* (list . first-words-of-the-command...) -> command of a container, empty when the image's entry point is right */}}
{{- define "perf-platform.devCommand" -}}
{{- $root := first . -}}
{{- if $root.Values.dev.sources -}}
command:
  - /app/.venv/bin/python
  - -c
  - |
    {{- $root.Files.Get "files/reload.py" | nindent 4 }}
  {{- range rest . }}
  - {{ . }}
  {{- end }}
{{- end -}}
{{- end -}}

{{- define "perf-platform.devMount" -}}
{{- if .Values.dev.sources -}}
- name: sources
  mountPath: /sources
{{- end -}}
{{- end -}}

{{- define "perf-platform.devVolume" -}}
{{- if .Values.dev.sources -}}
- name: sources
  emptyDir: {}
{{- end -}}
{{- end -}}
