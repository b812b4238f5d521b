# The conversation with the runner, for the scripts of this action.
# shellcheck shell=bash

# escaped TEXT: as the runner reads the data of a command; it would end at the first line break.
escaped() {
	local text=$1 cr=$'\r' lf=$'\n'
	text=${text//'%'/%25}
	text=${text//$cr/%0D}
	text=${text//$lf/%0A}
	printf '%s' "$text"
}

# An annotation, which is a line of the log too.
annotate() {
	printf '::error title=kubectl sre health::%s\n' "$(escaped "$1")"
}

die() {
	annotate "$1"
	exit "${2:-1}"
}

# output NAME VALUE: a line break in a value would begin another output.
output() {
	[[ $2 != *[$'\r\n']* ]] || die "the output $1 would have several lines"
	printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

# sha256_of FILE: macOS has only the second program.
sha256_of() {
	if command -v sha256sum >/dev/null; then
		sha256sum <"$1" | cut -d ' ' -f 1
	else
		shasum -a 256 <"$1" | cut -d ' ' -f 1
	fi
}

# The plugin's name on this system.
program_name() {
	case ${RUNNER_OS-} in
	Windows) echo kubectl-sre.exe ;;
	*) echo kubectl-sre ;;
	esac
}
