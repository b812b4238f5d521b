{{/*
The kinds: the API group, which is "" for the core group; whether it is in no namespace; and what else is listed to judge
it. The kind's word is the plural that RBAC calls its resource. A new kind is one line here and one word in
values.schema.json, which refuses any other.
*/}}
{{- define "sre-agent.kinds" -}}
deployments: {group: apps}
statefulsets: {group: apps}
daemonsets: {group: apps}
rollouts: {group: argoproj.io}
replicasets: {group: apps}
replicationcontrollers: {group: ""}
pods: {group: ""}
jobs: {group: batch, reads: [cronjobs]}
cronjobs: {group: batch}
nodes: {group: "", cluster: true}
namespaces: {group: "", cluster: true}
persistentvolumeclaims: {group: "", reads: [pods, events]}
services: {group: "", reads: [endpointslices, deployments, statefulsets, daemonsets, replicasets, replicationcontrollers, pods, events]}
horizontalpodautoscalers: {group: autoscaling}
poddisruptionbudgets: {group: policy, reads: [poddisruptionbudgets, pods, deployments, statefulsets, daemonsets, replicasets, replicationcontrollers]}
apiservices: {group: apiregistration.k8s.io, cluster: true}
validatingwebhookconfigurations: {group: admissionregistration.k8s.io, cluster: true, reads: [endpointslices, services]}
mutatingwebhookconfigurations: {group: admissionregistration.k8s.io, cluster: true, reads: [endpointslices, services]}
{{- end }}

{{/* The API groups of related kinds that are only listed. */}}
{{- define "sre-agent.others" -}}
events: {group: ""}
endpointslices: {group: discovery.k8s.io}
{{- end }}

{{/* The kinds in which causes are found. */}}
{{- define "sre-agent.causes" -}}
[pods, replicasets, jobs, events, nodes]
{{- end }}

{{/* The chosen kinds as a JSON list. */}}
{{- define "sre-agent.chosen" -}}
{{- $all := keys (include "sre-agent.kinds" . | fromYaml) | sortAlpha }}
{{- ternary $all .Values.kinds (has "all" .Values.kinds) | toJson }}
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

{{/* The labels of every object. Labels of a value never replace the chart's own. */}}
{{- define "sre-agent.labels" -}}
{{- $own := include "sre-agent.selectorLabels" . | fromYaml }}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") }}
{{- $_ := set $own "app.kubernetes.io/version" .Chart.AppVersion }}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service }}
{{- merge $own .Values.commonLabels | toYaml }}
{{- end }}

{{/* With the agent's labels the Service would send it requests. */}}
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

{{/*
Name of the container's and the Service's port: what it speaks. It is part of the path by which the plugin asks, which is
services/NAME:http/proxy or services/https:NAME:https/proxy.
*/}}
{{- define "sre-agent.port" -}}
{{- if .Values.tls.secretName }}https{{ else }}http{{ end }}
{{- end }}

{{/* The ServiceAccount whose tokens the plugin requests. The plugin derives it from the name of the Service. */}}
{{- define "sre-agent.readerName" -}}
{{ include "sre-agent.fullname" . }}-reader
{{- end }}

{{/* Subjects of a binding. */}}
{{- define "sre-agent.bindingSubjects" -}}
{{- range . }}
- kind: {{ .kind }}
  name: {{ .name | quote }}
  {{- if eq .kind "ServiceAccount" }}
  namespace: {{ .namespace }}
  {{- else }}
  apiGroup: rbac.authorization.k8s.io
  {{- end }}
{{- end }}
{{- end }}

{{/* Name of the container's and the Service's port that serves the metrics. */}}
{{- define "sre-agent.metricsPort" -}}
{{- $port := int .Values.metrics.port }}
{{- if has $port (list (int .Values.containerPort) (int .Values.service.port)) }}
{{- fail (printf "metrics.port is %d, as containerPort or service.port is: choose another, or 0 to serve the metrics beside the rest" $port) }}
{{- end }}
{{- if $port }}metrics{{ else }}{{ include "sre-agent.port" . }}{{ end }}
{{- end }}

{{/*
The rules that the chosen kinds need, one a resource: list and watch of the kind itself, list of what else it is judged by and
of what causes are found in, and get of namespaces, since objects in one that is being deleted are left out. `scope` is `cluster`, `namespace` or `all`: with namespaces named, what is in none of
them is granted by a ClusterRole and the rest by Roles. What a kind in no namespace is judged by may be in any.
*/}}
{{- define "sre-agent.kindRules" -}}
{{- $scope := .scope }}
{{- $kinds := include "sre-agent.kinds" .root | fromYaml }}
{{- $table := merge (include "sre-agent.others" .root | fromYaml) $kinds }}
{{- $wanted := list }}
{{- range include "sre-agent.chosen" .root | fromJsonArray }}
{{- $kind := get $kinds . }}
{{- $wanted = append $wanted (dict "resource" . "verbs" (list "list" "watch") "cluster" $kind.cluster) }}
{{- range $kind.reads }}
{{- $wanted = append $wanted (dict "resource" . "verbs" (list "list") "cluster" $kind.cluster) }}
{{- end }}
{{- end }}
{{- if .root.Values.causes.enabled }}
{{- /* With namespaces the installing user may have no cluster-wide rights, so nodes are left out. */}}
{{- $whole := or (not .root.Values.namespaces) .root.Values.rbac.apiserverHealth }}
{{- range include "sre-agent.causes" .root | fromYamlArray }}
{{- $cluster := (get $table .).cluster }}
{{- if or $whole (not $cluster) }}
{{- $wanted = append $wanted (dict "resource" . "verbs" (list "list") "cluster" $cluster) }}
{{- end }}
{{- end }}
{{- end }}
{{- /* A Role can grant get of its own namespace, and no list. */}}
{{- range include "sre-agent.chosen" .root | fromJsonArray }}
{{- if not (get $kinds .).cluster }}
{{- $wanted = append $wanted (dict "resource" "namespaces" "verbs" (ternary (list "get" "list") (list "get") (eq $scope "all")) "cluster" false) }}
{{- end }}
{{- end }}
{{- $order := list }}
{{- $verbs := dict }}
{{- range $wanted }}
{{- if or (eq $scope "all") (eq $scope (ternary "cluster" "namespace" (default false .cluster))) }}
{{- $order = append $order .resource | uniq }}
{{- $_ := set $verbs .resource (concat (get $verbs .resource | default list) .verbs | uniq | sortAlpha) }}
{{- end }}
{{- end }}
{{- range $order }}
- apiGroups: [{{ (get $table .).group | quote }}]
  resources: [{{ . | quote }}]
  verbs: {{ get $verbs . | toJson }}
{{- end }}
{{- end }}

{{/* The default grant of these (system:public-info-viewer) is removed on hardened clusters. */}}
{{- define "sre-agent.apiserverHealthRule" -}}
- nonResourceURLs: ["/version", "/livez", "/readyz"]
  verbs: ["get"]
{{- /* Whether the counts of workloads are kept up to date. Only these two names are granted. */}}
- apiGroups: ["coordination.k8s.io"]
  resources: ["leases"]
  resourceNames: ["kube-controller-manager", "kube-scheduler"]
  verbs: ["get"]
{{- end }}

{{/* As system:auth-delegator, which not every cluster has. */}}
{{- define "sre-agent.reviewRules" -}}
- apiGroups: ["authentication.k8s.io"]
  resources: ["tokenreviews"]
  verbs: ["create"]
- apiGroups: ["authorization.k8s.io"]
  resources: ["subjectaccessreviews"]
  verbs: ["create"]
{{- end }}

{{- define "sre-agent.subjects" -}}
- kind: ServiceAccount
  name: {{ include "sre-agent.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}

{{/* Placement and image credentials of the pods, shared by the agent and its test. */}}
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
