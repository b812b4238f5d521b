# Whose node the tests run on: one of this machine's own, or kind's. Both scripts
# take up, down, load and check.
# shellcheck shell=bash disable=SC2034,SC2154 # for the caller, who knows where it is itself

# choose_provider CLUSTER_SCRIPTS: sets provider (the script) and up_flags.
choose_provider() {
	case ${SRE_E2E_NODE:-local} in
	local) provider=$1/cluster up_flags=(--node) ;;
	kind) provider=$1/kind up_flags=() ;;
	*) usage_error "SRE_E2E_NODE is '$SRE_E2E_NODE'; it is local or kind" ;;
	esac
}
