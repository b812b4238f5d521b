//! The scripts that shells load to complete `kubectl-sre`. Each asks the program itself for candidates.

/// A shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompletionShell {
    /// bash, from 3.2 on.
    Bash,
    /// zsh.
    Zsh,
    /// fish, from 3.1 on.
    Fish,
    /// PowerShell, from 5.1 on.
    PowerShell,
}

/// The script of a shell.
#[must_use]
pub fn script(shell: CompletionShell) -> &'static str {
    match shell {
        CompletionShell::Bash => include_str!("../../completions/kubectl-sre.bash"),
        CompletionShell::Zsh => include_str!("../../completions/_kubectl-sre"),
        CompletionShell::Fish => include_str!("../../completions/kubectl-sre.fish"),
        CompletionShell::PowerShell => include_str!("../../completions/kubectl-sre.ps1"),
    }
}
