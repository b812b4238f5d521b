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
controllerrevisions: {group: apps}
resourcequotas: {group: ""}
limitranges: {group: ""}
configmaps: {group: ""}
{{- end }}

{{/* The kinds in which causes are found. */}}
{{- define "sre-agent.causes" -}}
[pods, replicasets, jobs, events, nodes]
{{- end }}

{{/* The kinds in which changes before problems are found, besides those of causes. */}}
{{- define "sre-agent.changes" -}}
[controllerrevisions, resourcequotas, limitranges, validatingwebhookconfigurations, mutatingwebhookconfigurations]
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

{{- define "sre-agent.namespace" -}}
{{- .Values.namespaceOverride | default .Release.Namespace }}
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

{{/* The annotations of an object, as lines of its metadata: its own, and those of every object. */}}
{{- define "sre-agent.annotations" -}}
{{- with merge (dict) (.own | default dict) .root.Values.commonAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
{{- end }}
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

{{/*
The digest decides which image is pulled, so a tag beside it that is not the digest's would be a lie. Of one digest the tag is
known: release/chart writes both into the annotation.
*/}}
{{- define "sre-agent.image" -}}
{{- $image := .Values.image }}
{{- $registry := dig "imageRegistry" "" (.Values.global | default dict) | default "" | trimSuffix "/" | default $image.registry }}
{{- if and $image.digest $image.tag }}
{{- $released := index .Chart.Annotations "sre-agent/image" | default "@" | splitList "@" }}
{{- if and (eq $image.digest (last $released)) (ne $image.tag (first $released)) }}
{{- fail (printf "image.tag is %s, and image.digest is that of %s: set image.digest to the digest of %s, or to \"\" for the tag alone" $image.tag (first $released) $image.tag) }}
{{- end }}
{{- else if not (or $image.digest $image.tag) }}
{{- fail "image.tag and image.digest are both empty: set one of them" }}
{{- end }}
{{- with $registry }}{{ . }}/{{ end }}
{{- $image.repository }}
{{- with $image.tag }}:{{ . }}{{ end }}
{{- with $image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/* Names of Secrets with credentials, of this chart and of its parent, as a JSON list of objects. */}}
{{- define "sre-agent.imagePullSecrets" -}}
{{- $names := list }}
{{- range concat (dig "imagePullSecrets" list (.Values.global | default dict) | default list) .Values.imagePullSecrets }}
{{- $names = append $names (kindIs "string" . | ternary . (get (kindIs "map" . | ternary . dict) "name")) }}
{{- end }}
{{- $secrets := list }}
{{- range uniq $names }}
{{- $secrets = append $secrets (dict "name" .) }}
{{- end }}
{{- toJson $secrets }}
{{- end }}

{{/* The flags that the templates set, each with the value that decides it. */}}
{{- define "sre-agent.ownFlags" -}}
address: containerPort
metrics-address: metrics.port
kinds: kinds
causes: causes.enabled
changes: changes.enabled
config-changes: changes.configMaps
namespaces: namespaces
stale-after: staleAfter
request-timeout: requestTimeout
max-connections: maxConnections
slo: apiserver.slo
write-canary: apiserver.writeCanary.enabled
shutdown-delay: shutdownDelaySeconds
authenticate: authentication.enabled
tls-cert-file: tls.secretName
tls-private-key-file: tls.secretName
history-dir: history.enabled
page: page.enabled
page-title: page.title
page-hosts: page.hosts
log-format: log.format
log-level: log.level
{{- end }}

{{/* extraArgs, which the agent would refuse if the chart sets a flag too: each flag is accepted once. */}}
{{- define "sre-agent.extraArgs" -}}
{{- $own := include "sre-agent.ownFlags" . | fromYaml }}
{{- range .Values.extraArgs }}
{{- $flag := splitList "=" . | first | trimPrefix "--" }}
{{- with get $own $flag }}
{{- fail (printf "extraArgs has --%s, which the chart sets: use the value %s" $flag .) }}
{{- end }}
- {{ . | quote }}
{{- end }}
{{- end }}

{{/* The claim of the history; empty for a volume of the pod. */}}
{{- define "sre-agent.historyClaim" -}}
{{- with .Values.history }}
{{- if and .enabled .existingClaim }}
{{- if gt (int $.Values.replicas) 1 }}
{{- fail (printf "history.existingClaim is for one replica, and replicas is %d: each replica keeps a history of its own" (int $.Values.replicas)) }}
{{- end }}
{{- .existingClaim }}
{{- end }}
{{- end }}
{{- end }}

{{/* The Lease that is written to. */}}
{{- define "sre-agent.writeCanary" -}}
{{- printf "%s-write-canary" (include "sre-agent.fullname" .) }}
{{- end }}

{{/* The job that Prometheus gives the samples of the ServiceMonitor. */}}
{{- define "sre-agent.job" -}}
{{- $labels := include "sre-agent.labels" . | fromYaml }}
{{- get $labels .Values.serviceMonitor.jobLabel | default (include "sre-agent.fullname" .) }}
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
{{- $evidence := include "sre-agent.causes" .root | fromYamlArray }}
{{- if .root.Values.changes.enabled }}
{{- $evidence = concat $evidence (include "sre-agent.changes" .root | fromYamlArray) }}
{{- end }}
{{- if .root.Values.changes.configMaps }}
{{- $evidence = append $evidence "configmaps" }}
{{- end }}
{{- range $evidence }}
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
{{- end }}

{{/* Whether the API server's own health may be read: "true" or nothing. */}}
{{- define "sre-agent.apiserverHealth" -}}
{{- if or (not .Values.namespaces) .Values.rbac.apiserverHealth }}true{{ end }}
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
  namespace: {{ include "sre-agent.namespace" . }}
{{- end }}

{{/* Placement and image credentials of the pods, shared by the agent and its test. */}}
{{- define "sre-agent.placement" -}}
{{- with include "sre-agent.imagePullSecrets" . | fromJsonArray }}
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
{{- with .Values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- end }}
