# Completes kubectl-sre in bash:  source <(kubectl-sre completion bash)

_kubectl_sre() {
	# bash cuts words at the characters of COMP_WORDBREAKS, such as = and :. The words are put together again: a part that
	# follows another one without a space belongs to it.
	local line=${COMP_LINE:0:COMP_POINT} i part
	local -a words=()
	for ((i = 0; i < COMP_CWORD; i++)); do
		part=${COMP_WORDS[i]}
		if ((i == 0)) || [[ $line == [[:space:]]* ]]; then
			words+=("$part")
		else
			words[${#words[@]} - 1]+=$part
		fi
		line=${line#"${line%%[![:space:]]*}"}
		line=${line#"$part"}
	done
	if [[ $line == [[:space:]]* ]]; then
		words+=("${line#"${line%%[![:space:]]*}"}")
	else
		words[${#words[@]} - 1]+=$line
	fi
	local current=${words[${#words[@]} - 1]} directive=0 word
	local -a found=()
	while IFS=$'\t' read -r word _; do
		found+=("$word")
	done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null </dev/null)
	((${#found[@]} > 0)) || return
	if [[ ${found[${#found[@]} - 1]} == :* ]]; then
		directive=${found[${#found[@]} - 1]#:}
		unset "found[${#found[@]} - 1]"
	fi

	# The candidates for the value of --flag=VALUE are values. Of other words bash wants what follows the last colon.
	[[ $current != -*=* ]] || current=${current#*=}
	local kept=''
	[[ $COMP_WORDBREAKS != *:* || $current != *:* ]] || kept=${current%"${current##*:}"}
	COMPREPLY=()
	for word in "${found[@]}"; do
		COMPREPLY+=("${word#"$kept"}")
	done
	# bash 3.2 has no compopt.
	if type compopt &>/dev/null; then
		((!(directive & 2))) || compopt -o nospace
		((directive & 4)) || compopt -o default
	fi
}

complete -F _kubectl_sre kubectl-sre
