//! What the command line accepts, refuses and explains.

use clap::{Command as Clap, error::ErrorKind};

use super::*;

fn parsed(line: &str) -> Result<Cli, ErrorKind> {
    let arguments = line.split(' ').map(OsString::from).collect::<Vec<_>>();
    parse(&arguments, Lang::En).map_err(|error| error.kind())
}

#[test]
fn the_definition_is_sound_in_both_languages() {
    help::in_lang(Cli::command(), Lang::En).debug_assert();
    help::in_lang(Cli::command(), Lang::Zh).debug_assert();
}

#[test]
fn what_the_readme_shows_is_accepted() {
    for line in [
        "fenghuo dev",
        "fenghuo dev --data /tmp/x --clock scripted --listen-base 7100 --lang zh",
        "fenghuo dev --witnesses 3 --audit-sm3",
        "fenghuo --lang en demo --keep",
        "fenghuo serve hazard --database-url postgres://d --nats-url nats://n --keys k --department fire.330723",
        "fenghuo migrate all --database-url postgres://d",
        "fenghuo token --department fire.330723 --role officer --role head --id officer-1 --ttl 1h",
        "fenghuo token --department fire.330723 --kind service --id hazard --key k --ttl 365d",
        "fenghuo keys generate --out keys",
        "fenghuo eventstore --data d --port 2113 --tls --writer operator=sensor- --advertise a.example:2113",
        "fenghuo log read --service hazard --from 3 --limit 5 --backwards --json --data d",
        "fenghuo log follow --service hazard --endpoint hazard=http://h:1 --token-file t",
        "fenghuo log verify-order --service hazard",
        "fenghuo view rebuild hazard hazards",
        "fenghuo view status",
        "fenghuo replay hazard hazards --case wuyi-2023-0417 --json --keep",
        "fenghuo replay hazard clocks --at-time 2023-05-18 --sign k -o f --database-url postgres://auditor@db/h",
        "fenghuo replay timeline entries --resume 3f0c54b8f5a1 --page 100",
        "fenghuo replay check f --key k",
        "fenghuo timeline wuyi-2023-0417 --as-of 2023-04-18T00:00:00+08:00 --known-to police.330723",
        "fenghuo timeline --recorded-by 2023-04-17 --known-to fire",
        "fenghuo timeline wuyi-2023-0417 --happened-by 2023-04-17 --known-to fire --known-by 2023-04-18 --up-to 9",
        "fenghuo clocks wuyi-2023-0417 --happened-by 2023-05-18 --known-to emergency.33",
        "fenghuo audit keygen --origin log.example/hazard --out keys/audit-hazard.key",
        "fenghuo audit keygen --witness --origin witness.example --out keys/witness.key",
        "fenghuo witness --listen 127.0.0.1:0 --state w --key k --log a --log b",
        "fenghuo audit verify --service hazard --data d --checkpoint a --checkpoint b",
        "fenghuo audit verify --tiles t --vkey k --files-only --json",
        "fenghuo audit verify --case wuyi-2023-0417 --data d",
        "fenghuo audit verify --service hazard --from 17 --to 20",
        "fenghuo audit proof 17 --service hazard -o f",
        "fenghuo audit check-proof f --vkey k --witness w --quorum 1 --content c",
        "fenghuo audit watch --tiles https://a.example/hazard --vkey k --state s --once --stale-after 1h",
        "fenghuo audit publish --tiles t --listen 127.0.0.1:0",
        "fenghuo audit bundle wuyi-2023-0417 -o f --data d --case-only",
        "fenghuo audit bundle c-1 -o f --log hazard=t --vkey k --witness w --quorum 1 --database-url postgres://d",
        "fenghuo audit bundle verify f --key k --key w --quorum 1 --complete --json",
        "fenghuo audit bundle script",
        "fenghuo audit queries list --json",
        "fenghuo audit queries run --all --case c --from 2026-01-01T00:00:00+08:00 --json --data d",
        "fenghuo audit queries run delegation-gap --database-url postgres://a --database-url credit=postgres://b",
        "fenghuo audit readings wuyi-2023-0417 --by officer-1 --json",
        "fenghuo audit readings --by officer-1",
        "fenghuo timeline wuyi-2023-0417 --purpose audit",
        "fenghuo law due --batch --role party",
        "fenghuo clocks wuyi-2023-0417 --at 2023-05-18 --json",
        "fenghuo law status wuyi-2023-0417 --at 2023-05-18T00:00:00+08:00",
    ] {
        assert!(parsed(line).is_ok(), "{line}: {:?}", parsed(line).err());
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (line, kind) in [
        ("fenghuo", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand),
        ("fenghuo fly", ErrorKind::InvalidSubcommand),
        ("fenghuo dev --clock slow", ErrorKind::InvalidValue),
        ("fenghuo dev --witnesses 10", ErrorKind::ValueValidation),
        ("fenghuo law due --from 2023-04-17", ErrorKind::MissingRequiredArgument),
        ("fenghuo law due --batch --from 2023-04-17", ErrorKind::ArgumentConflict),
        ("fenghuo law due --from 17.4.2023 --period 1day", ErrorKind::ValueValidation),
        ("fenghuo token --department brigade --role officer --id o-1", ErrorKind::ValueValidation),
        ("fenghuo log read --service hazard --stream a:b --case c", ErrorKind::ArgumentConflict),
        ("fenghuo audit verify --case c --from 1", ErrorKind::ArgumentConflict),
        ("fenghuo audit bundle", ErrorKind::MissingRequiredArgument),
        ("fenghuo audit bundle c-1", ErrorKind::MissingRequiredArgument),
        ("fenghuo audit bundle verify", ErrorKind::MissingRequiredArgument),
        ("fenghuo audit bundle -o f verify g", ErrorKind::ArgumentConflict),
        ("fenghuo replay hazard", ErrorKind::MissingRequiredArgument),
        ("fenghuo replay hazard hazards --at-position 1 --at-time 2023-05-18", ErrorKind::ArgumentConflict),
        ("fenghuo replay hazard hazards --sign k", ErrorKind::MissingRequiredArgument),
        ("fenghuo audit readings", ErrorKind::MissingRequiredArgument),
        ("fenghuo audit queries run", ErrorKind::MissingRequiredArgument),
        ("fenghuo audit queries run a --all", ErrorKind::ArgumentConflict),
        ("fenghuo log read --service hazard --data d --endpoint u", ErrorKind::ArgumentConflict),
    ] {
        assert_eq!(parsed(line).err(), Some(kind), "{line}");
    }
}

/// Every command and argument that help shows, with the path of its command.
fn shown(command: &Clap, path: &str, found: &mut Vec<(String, Option<String>)>) {
    found.push((path.to_owned(), None));
    let arguments = command.get_arguments().filter(|arg| !arg.is_hide_set());
    found.extend(arguments.map(|arg| (path.to_owned(), Some(arg.get_id().to_string()))));
    for sub in command.get_subcommands() {
        shown(sub, format!("{path} {}", sub.get_name()).trim_start(), found);
    }
}

#[test]
fn everything_is_explained_in_chinese_too() {
    let mut found = Vec::new();
    shown(&Cli::command(), "", &mut found);
    let missing = found.iter().filter(|(path, id)| match id {
        None => chinese::about(path).is_none(),
        Some(id) => chinese::argument(path, id).is_none(),
    });
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&(String, Option<String>)>::new());
}

#[test]
fn every_command_shows_an_example() {
    fn check(command: &Clap, path: &str) {
        let leaf = command.get_subcommands().next().is_none();
        let example = command.get_after_help().is_some_and(|text| text.to_string().contains("fenghuo "));
        assert!(!leaf || example, "{path} has no example");
        command.get_subcommands().for_each(|sub| check(sub, &format!("{path} {}", sub.get_name())));
    }
    check(&Cli::command(), "fenghuo");
}

#[test]
fn help_in_chinese_has_no_english_headings() {
    let arguments = ["fenghuo", "law", "due", "--help"].map(OsString::from);
    let help = parse(&arguments, Lang::Zh).unwrap_err().to_string();
    assert!(help.contains("用法：fenghuo law due"), "{help}");
    assert!(!help.contains("Options:") && !help.contains("Print help"), "{help}");
}

#[test]
fn a_command_with_servers_beside_it_leaves_them_a_core() {
    let threads = |line| {
        let Cli { command, .. } = parsed(line).unwrap();
        runtime(&command).unwrap().metrics().num_workers()
    };
    let all = threads("fenghuo view status");
    let left = if env::var_os(WORKER_THREADS).is_some() { all } else { (all - 1).max(1) };
    for line in ["fenghuo dev", "fenghuo demo", "fenghuo bench append"] {
        assert_eq!(threads(line), left, "{line}");
    }
}
