{{/*
The kinds that can be watched, each with its API group, which is "" for the core group. The kind's word is the plural
that RBAC calls its resource. A new kind is one line here and one word in values.schema.json, which refuses any other.
*/}}
{{- define "sre-agent.groups" -}}
deployments: apps
{{- end }}

{{/* A release's name has at most 53 characters and may have dots; a Service's has at most 63 and none. */}}
{{- define "sre-agent.fullname" -}}
{{- $release := .Release.Name | replace "." "-" }}
{{- .Values.fullnameOverride | default (contains "sre-agent" $release | ternary $release (printf "%s-sre-agent" $release)) }}
{{- end }}

{{/*
The name is fixed, neither the chart's, which an alias changes, nor a value: by it the plugin finds the agents of a
cluster.
*/}}
{{- define "sre-agent.selectorLabels" -}}
app.kubernetes.io/name: sre-agent
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* What every object carries. What a person adds never replaces one of the chart's own. */}}
{{- define "sre-agent.labels" -}}
{{- $own := include "sre-agent.selectorLabels" . | fromYaml }}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") }}
{{- $_ := set $own "app.kubernetes.io/version" .Chart.AppVersion }}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service }}
{{- merge $own .Values.commonLabels | toYaml }}
{{- end }}

{{/* Those of the agent would make the Service send it requests. */}}
{{- define "sre-agent.testLabels" -}}
app.kubernetes.io/name: sre-agent-test
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "sre-agent.testName" -}}
{{ include "sre-agent.fullname" . }}-test
{{- end }}

{{- define "sre-agent.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "sre-agent.fullname" .) }}
{{- else -}}
{{- .Values.serviceAccount.name | required "serviceAccount.create is false: name the one to use in serviceAccount.name" }}
{{- end }}
{{- end }}

{{- define "sre-agent.image" -}}
{{- with .Values.image }}
{{- with .registry }}{{ . }}/{{ end }}
{{- .repository }}
{{- if .digest }}@{{ .digest }}{{ else }}:{{ .tag }}{{ end }}
{{- end }}
{{- end }}

{{/* Name of the container's and the Service's port that serves the metrics. */}}
{{- define "sre-agent.metricsPort" -}}
{{- $port := int .Values.metrics.port }}
{{- if has $port (list (int .Values.containerPort) (int .Values.service.port)) }}
{{- fail (printf "metrics.port is %d, as containerPort or service.port is: choose another, or 0 to serve the metrics beside the rest" $port) }}
{{- end }}
{{- if $port }}metrics{{ else }}http{{ end }}
{{- end }}

{{/* list and watch of each chosen kind. */}}
{{- define "sre-agent.kindRules" -}}
{{- $groups := include "sre-agent.groups" . | fromYaml }}
{{- range .Values.kinds }}
- apiGroups: [{{ get $groups . | quote }}]
  resources: [{{ . | quote }}]
  verbs: ["list", "watch"]
{{- end }}
{{- end }}

{{/* The default grant of these (system:public-info-viewer) is removed on hardened clusters. */}}
{{- define "sre-agent.apiserverHealthRule" -}}
- nonResourceURLs: ["/version", "/livez", "/readyz"]
  verbs: ["get"]
{{- /* Whether the counts of workloads are still kept up to date, by the two names alone. */}}
- apiGroups: ["coordination.k8s.io"]
  resources: ["leases"]
  resourceNames: ["kube-controller-manager", "kube-scheduler"]
  verbs: ["get"]
{{- end }}

{{- define "sre-agent.subjects" -}}
- kind: ServiceAccount
  name: {{ include "sre-agent.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}

{{/* Where the pods may run and with whose image credentials: the same for the agent and its test. */}}
{{- define "sre-agent.placement" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
