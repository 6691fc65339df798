//! `fenghuo`.

use std::process::ExitCode;

/// Under load a quarter of this program's time went into the C library's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    fenghuo::cli::main()
}
