//! `fenghuo`.

use std::process::ExitCode;

fn main() -> ExitCode {
    fenghuo::cli::main()
}
