//! The binary `sre-agent`: the process around the library of the same name.

use std::process::ExitCode;

fn main() -> ExitCode {
    sre_agent::main(std::env::args_os())
}
