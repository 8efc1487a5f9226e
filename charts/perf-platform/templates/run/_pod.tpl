{{/* Pod spec of a run: dict root, args (further arguments), wait. Never a second master: the release's own is asked. */}}
{{- define "perf-platform.runPod" -}}
{{- $root := .root -}}
{{- include "perf-platform.podDefaults" $root }}
restartPolicy: Never
# A cancelled run is stopped on the master, which takes a moment.
terminationGracePeriodSeconds: 30
securityContext:
  {{- toYaml $root.Values.podSecurityContext | nindent 2 }}
containers:
  - name: run
    image: {{ include "perf-platform.image" (list $root $root.Values.locust.image) }}
    imagePullPolicy: {{ $root.Values.locust.image.pullPolicy }}
    command: [/app/.venv/bin/perf-platform]
    args:
      {{- if include "perf-platform.ab" $root }}
      {{- include "perf-platform.abArgs" $root | nindent 6 }}
      {{- else }}
      - run
      {{- end }}
      - --master
      - {{ include "perf-platform.masterUrl" $root }}
      - --config
      - /etc/perf-platform/perf-platform.toml
      - --wait
      - {{ .wait | quote }}
      {{- range .args }}
      - {{ . | quote }}
      {{- end }}
    env:
      - name: PERF_RUNS_DIR
        value: /tmp/runs
      - name: PERF_MASTER_TOKEN
        valueFrom: {secretKeyRef: {name: {{ include "perf-platform.webSecret" $root }}, key: token}}
      {{- if include "perf-platform.ab" $root }}
      {{- include "perf-platform.notifyEnv" $root | nindent 6 }}
      {{- end }}
      {{- include "perf-platform.locustEnv" $root | nindent 6 }}
    {{- with $root.Values.locust.envFrom }}
    envFrom:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    securityContext:
      {{- toYaml $root.Values.containerSecurityContext | nindent 6 }}
    resources:
      {{- toYaml $root.Values.runJob.resources | nindent 6 }}
    volumeMounts:
      - name: configuration
        mountPath: /etc/perf-platform
        readOnly: true
      {{- include "perf-platform.locustMounts" $root | nindent 6 }}
volumes:
  - name: configuration
    configMap:
      name: {{ include "perf-platform.component" (list $root "run") }}
  {{- include "perf-platform.locustVolumes" $root | nindent 2 }}
{{- end -}}

{{/* Two sides need a master each, so they run in the Job; the release's master keeps their runs. */}}
{{- define "perf-platform.abArgs" -}}
- ab
- -f
- {{ include "perf-platform.locustfile" . | default "/app/workload.py" }}
- --baseline-host
- http://{{ include "perf-platform.component" (list . "api-baseline") }}:{{ .Values.api.service.port }}
- --current-host
- http://{{ include "perf-platform.component" (list . "api-current") }}:{{ .Values.api.service.port }}
- --run-time
- {{ .Values.ab.runTime | quote }}
- --block
- {{ .Values.ab.block | quote }}
- --workers
- {{ .Values.ab.workers | quote }}
{{- end -}}
