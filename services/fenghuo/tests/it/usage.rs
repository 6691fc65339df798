//! How the program ends when it is used wrongly: code 2, one clear line, in the reader's language.

use crate::program::{err, fenghuo, out, run};

#[test]
fn a_wrong_use_ends_with_2_and_a_failure_with_1() {
    for wrong in [
        &["fly"][..],
        &["law", "due"],
        &[
            "serve",
            "nothing",
            "--database-url",
            "postgres://h/d",
            "--nats-url",
            "nats://h",
            "--keys",
            "k",
            "--department",
            "fire.330723",
        ],
        &["token", "--department", "x", "--role", "officer", "--id", "o"],
    ] {
        assert_eq!(run(wrong).status.code(), Some(2), "{wrong:?}: {}", err(&run(wrong)));
    }
    let nowhere = run(&["log", "read", "--service", "hazard", "--data", "/nonexistent"]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert_eq!(err(&nowhere).lines().count(), 1, "{}", err(&nowhere));
    assert!(err(&nowhere).contains("no system runs here"), "{}", err(&nowhere));
}

#[test]
fn mistakes_are_told_in_chinese_where_chinese_is_spoken() {
    let output =
        fenghuo().args(["law", "due", "--from", "明天"]).env("LC_ALL", "zh_CN.UTF-8").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).starts_with("错误："), "{}", err(&output));
}

#[test]
fn help_is_no_mistake_and_shows_an_example() {
    for command in
        [&["--help"][..], &["law", "due", "--help"], &["log", "read", "--help"], &["dev", "--help"]]
    {
        let output = run(command);
        assert!(output.status.success());
        assert!(out(&output).contains("Examples:\n  fenghuo "), "{}", out(&output));
    }
}

#[test]
fn a_token_can_be_signed_with_a_generated_key() {
    let scratch = servers::Scratch::new().unwrap();
    let keys = scratch.path().join("keys");
    let keys = keys.to_str().unwrap();
    assert!(run(&["keys", "generate", "--out", keys]).status.success());
    let again = run(&["keys", "generate", "--out", keys]);
    assert_eq!(again.status.code(), Some(1), "an existing key is never overwritten");
    let key = format!("{keys}/signing.pem");
    let token = run(&[
        "token",
        "--department",
        "fire.330723",
        "--role",
        "officer",
        "--id",
        "officer-1",
        "--key",
        &key,
    ]);
    assert!(token.status.success(), "{}", err(&token));
    let accepted = chassis::auth::KeySet::load(std::path::Path::new(&format!("{keys}/keys.json"))).unwrap();
    let actor = accepted.verify(out(&token).trim()).unwrap();
    assert_eq!((actor.id.as_str(), actor.department.to_string().as_str()), ("officer-1", "fire.330723"));
}
