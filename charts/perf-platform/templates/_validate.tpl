{{/* Impossible values end here, with a sentence. Included once, by the service account. */}}
{{- define "perf-platform.validate" -}}
{{- if and (not .Values.api.enabled) (not .Values.target.url) -}}
{{- fail "api.enabled is false and target.url is empty: there is nothing to load. Set target.url to the address of your service" -}}
{{- end -}}
{{- if and .Values.api.enabled (not .Values.mongodb.enabled) (not .Values.mongodb.url) (not .Values.mongodb.auth.existingSecret) -}}
{{- fail "mongodb.enabled is false: set mongodb.url, or mongodb.auth.existingSecret with the key url, for the database of the API" -}}
{{- end -}}
{{- if and .Values.locust.files.content .Values.locust.files.existingConfigMap -}}
{{- fail "set locust.files.content or locust.files.existingConfigMap, not both" -}}
{{- end -}}
{{- if and (eq .Values.locust.files.locustfile ".") (not .Values.locust.files.content) -}}
{{- fail "locust.files.locustfile is \".\", which means each file of locust.files.content, and that is empty: name the files" -}}
{{- end -}}
{{- $file := .Values.locust.files.locustfile | default "locustfile.py" -}}
{{- if and .Values.locust.files.content (ne $file ".") (not (contains "," $file)) (not (hasPrefix "/" $file)) (not (hasKey .Values.locust.files.content $file)) -}}
{{- fail (printf "locust.files.content has no %s (it has %s): set locust.files.locustfile to one of them" $file (keys .Values.locust.files.content | sortAlpha | join ", ")) -}}
{{- end -}}
{{- if and .Values.mongodb.enabled .Values.mongodb.url -}}
{{- fail "mongodb.url is set and mongodb.enabled is true: set mongodb.enabled=false to use a database of yours" -}}
{{- end -}}
{{- if ne (empty .Values.ab.baselineImage) (empty .Values.ab.currentImage) -}}
{{- fail "ab needs two images: set both ab.baselineImage and ab.currentImage, or none" -}}
{{- end -}}
{{- if and .Values.ab.baselineImage (not .Values.api.enabled) -}}
{{- fail "ab.baselineImage is set and api.enabled is false: ab compares images of the reference service; set api.enabled=true" -}}
{{- end -}}
{{- if and .Values.smtp.enabled (not .Values.smtp.host) -}}
{{- fail "smtp.enabled is true: set smtp.host" -}}
{{- end -}}
{{- if and .Values.smtp.enabled (or (not .Values.smtp.from) (not .Values.smtp.to)) -}}
{{- fail "smtp.enabled is true: set smtp.from and smtp.to" -}}
{{- end -}}
{{- $interval := trimSuffix "s" .Values.monitoring.serviceMonitors.interval | atoi -}}
{{- $timeout := trimSuffix "s" .Values.monitoring.serviceMonitors.scrapeTimeout | atoi -}}
{{- if gt $timeout $interval -}}
{{- fail (printf "monitoring.serviceMonitors.scrapeTimeout (%s) is above interval (%s): Prometheus refuses that; lower it" .Values.monitoring.serviceMonitors.scrapeTimeout .Values.monitoring.serviceMonitors.interval) -}}
{{- end -}}
{{- end -}}
