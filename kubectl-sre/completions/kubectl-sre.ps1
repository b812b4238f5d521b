# Completes kubectl-sre in PowerShell:  kubectl-sre completion powershell | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName 'kubectl-sre', 'kubectl-sre.exe' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $elements = @($commandAst.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursorPosition })
    $program = $elements[0].ToString()
    $words = @($elements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
    if ($wordToComplete -eq '') {
        # Until 7.3, PowerShell passes an empty word to no program unless it is quoted.
        $quotes = $PSVersionTable.PSVersion -lt [version]'7.3.0' -or $PSNativeCommandArgumentPassing -eq 'Legacy'
        $words += $(if ($quotes) { '""' } else { '' })
    }

    $answer = @($null | & $program __complete @words 2>$null)
    $directive = 0
    if ($answer.Count -gt 0 -and $answer[-1] -match '^:(\d+)$') {
        $directive = [int]$Matches[1]
        $answer = @($answer | Select-Object -SkipLast 1)
    }
    if ($answer.Count -eq 0) {
        # An empty text keeps PowerShell from listing files.
        if ($directive -band 4) { return '' }
        return
    }

    # The candidates for the value of --flag=VALUE are values.
    $flag = if ($wordToComplete -match '^-[^=]*=') { $Matches[0] } else { '' }
    $space = if ($directive -band 2) { '' } else { ' ' }
    foreach ($line in $answer) {
        $word, $description = $line -split "`t", 2
        if (-not $description) { $description = $word }
        [System.Management.Automation.CompletionResult]::new("$flag$word$space", $word, 'ParameterValue', $description)
    }
}
