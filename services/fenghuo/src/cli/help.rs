//! Help in the reader's language: English stands at the arguments, Chinese in a table that is put over it.

use clap::{Arg, ArgAction, Command};
use decider::Lang;

use super::chinese;

const TEMPLATE: &str = "{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}";

/// The command with its texts in the language.
pub(super) fn in_lang(command: Command, lang: Lang) -> Command {
    match lang {
        Lang::En => command,
        Lang::Zh => translate(command, ""),
    }
}

fn translate(command: Command, path: &str) -> Command {
    let mut command = command
        .help_template(TEMPLATE)
        .subcommand_help_heading("命令")
        .disable_help_flag(true)
        .arg(Arg::new("help").short('h').long("help").action(ArgAction::Help).help("显示帮助"));
    if path.is_empty() {
        let version = Arg::new("version").short('V').long("version").action(ArgAction::Version);
        command = command.disable_version_flag(true).arg(version.help("显示版本"));
    }
    if let Some(about) = chinese::about(path) {
        command = command.about(about);
    }
    let ids = command.get_arguments().map(|arg| arg.get_id().to_string()).collect::<Vec<_>>();
    for id in ids {
        command = command.mut_arg(&id, |arg| {
            let heading = if arg.is_positional() { "参数" } else { "选项" };
            let text = chinese::argument(path, &id);
            let arg = arg.help_heading(heading);
            match text {
                Some(text) => arg.help(text),
                None => arg,
            }
        });
    }
    let names = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect::<Vec<_>>();
    for name in names {
        let below = if path.is_empty() { name.clone() } else { format!("{path} {name}") };
        command = command.mut_subcommand(&name, |sub| translate(sub, &below));
    }
    command
}
