//go:build tools

// Package tools pins the controller of Argo Rollouts, which asks the agent in the end-to-end tests.
package tools

import _ "github.com/argoproj/argo-rollouts/cmd/rollouts-controller"
