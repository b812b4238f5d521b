//go:build tools

// Package tools pins the last major version of Helm before the present one.
package tools

import _ "helm.sh/helm/v3/cmd/helm"
