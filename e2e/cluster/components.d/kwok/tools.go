//go:build tools

// Package tools pins the simulator of nodes and pods that the end-to-end
// cluster runs.
package tools

import _ "sigs.k8s.io/kwok/cmd/kwok"
