# The provider of the tests' node: the script 'cluster', or 'kind'. Both have the commands up,
# down, load, check, stop-kubelet and start-kubelet.
# shellcheck shell=bash disable=SC2034,SC2154 # for the caller, who knows where it is itself

# choose_provider CLUSTER_SCRIPTS: sets provider (the script), up_flags, and zoo_flags for a
# node that is lost soon after its kubelet stops, as on kind.
choose_provider() {
	case ${SRE_E2E_NODE:-local} in
	local) provider=$1/cluster up_flags=(--node) zoo_flags=(--node --lost-after 40s) ;;
	kind) provider=$1/kind up_flags=() zoo_flags=() ;;
	*) usage_error "SRE_E2E_NODE is '$SRE_E2E_NODE'; it is local or kind" ;;
	esac
}
