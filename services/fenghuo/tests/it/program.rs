//! Running the built program.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

/// The program, speaking English and reading nothing from the environment.
pub(crate) fn fenghuo() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fenghuo"));
    for variable in ["FENGHUO_ENDPOINTS", "FENGHUO_DATABASE_URL", "FENGHUO_NATS_URL", "FENGHUO_TOKEN_FILE"] {
        command.env_remove(variable);
    }
    command.env("LC_ALL", "en_US.UTF-8");
    command
}

pub(crate) fn run(arguments: &[&str]) -> Output {
    fenghuo().args(arguments).output().unwrap()
}

pub(crate) fn run_with(arguments: &[&str], input: &str) -> Output {
    let mut child = fenghuo()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

pub(crate) fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
