//! Mistakes in the arguments, told in the reader's language. Exit code 2; help and version are no mistakes.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use decider::Lang;

use crate::error::Error;

/// Prints what is wrong (or the help that was asked for), and says how to end.
pub(super) fn tell(error: &clap::Error, lang: Lang) -> ExitCode {
    // There is nowhere to complain about an output that is closed.
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    match (lang, in_chinese(error)) {
        (Lang::Zh, Some(text)) => eprintln!("错误：{text}\n\n用 --help 查看用法。"),
        _ => {
            let _ = error.print();
        }
    }
    Error::usage("", "").exit_code()
}

/// What clap found, for the kinds that people meet; the rest is told by clap itself.
fn in_chinese(error: &clap::Error) -> Option<String> {
    let text = |kind| error.get(kind).map(value).unwrap_or_default();
    let (argument, given) = (text(ContextKind::InvalidArg), text(ContextKind::InvalidValue));
    Some(match error.kind() {
        ErrorKind::InvalidValue if given.is_empty() => format!("{argument} 需要一个值"),
        ErrorKind::InvalidValue => match text(ContextKind::ValidValue) {
            known if known.is_empty() => format!("{argument} 的值 {given:?} 无效"),
            known => format!("{argument} 的值 {given:?} 无效，可用：{known}"),
        },
        ErrorKind::ValueValidation => {
            let reason = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            format!("{argument} 的值 {given:?} 无效：{reason}")
        }
        ErrorKind::UnknownArgument => match text(ContextKind::SuggestedArg) {
            near if near.is_empty() => format!("没有参数 {argument}"),
            near => format!("没有参数 {argument}，是否想用 {near}？"),
        },
        ErrorKind::InvalidSubcommand => {
            let name = text(ContextKind::InvalidSubcommand);
            match text(ContextKind::SuggestedSubcommand) {
                near if near.is_empty() => format!("没有命令 {name}"),
                near => format!("没有命令 {name}，是否想用 {near}？"),
            }
        }
        ErrorKind::MissingRequiredArgument => format!("缺少参数 {argument}"),
        ErrorKind::MissingSubcommand => format!("需要命令：{}", text(ContextKind::ValidSubcommand)),
        ErrorKind::ArgumentConflict => match text(ContextKind::PriorArg) {
            other if other == argument || other.is_empty() => format!("{argument} 只能给出一次"),
            other => format!("{argument} 不能与 {other} 同时使用"),
        },
        _ => return None,
    })
}

fn value(value: &ContextValue) -> String {
    match value {
        ContextValue::String(text) => text.clone(),
        ContextValue::Strings(texts) => texts.join("、"),
        ContextValue::StyledStr(text) => text.to_string(),
        ContextValue::StyledStrs(texts) => {
            texts.iter().map(ToString::to_string).collect::<Vec<_>>().join("、")
        }
        ContextValue::Bool(flag) => flag.to_string(),
        ContextValue::Number(number) => number.to_string(),
        _ => String::new(),
    }
}
