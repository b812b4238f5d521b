//! The plugin's process: its arguments, streams and exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut shell = kubectl_sre::Shell::for_process();
    ExitCode::from(kubectl_sre::main(std::env::args_os(), &mut shell))
}
