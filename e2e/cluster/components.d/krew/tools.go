//go:build tools

// Package tools pins the plugin manager that installs the plugin in the end-to-end tests.
package tools

import _ "sigs.k8s.io/krew/cmd/krew"
