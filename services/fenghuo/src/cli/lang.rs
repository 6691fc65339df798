//! Which language to speak: what the command line says, else what the environment says, else Chinese.

use std::ffi::OsString;

use decider::Lang;

/// The variables that say it, the strongest first (POSIX).
const VARIABLES: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

/// Chooses before arguments are parsed, since mistakes in them are told in the language too.
pub(super) fn choose(arguments: &[OsString], variable: impl Fn(&str) -> Option<String>) -> Lang {
    asked(arguments).unwrap_or_else(|| {
        let locale = VARIABLES.iter().find_map(|name| variable(name).filter(|value| !value.is_empty()));
        of_locale(&locale.unwrap_or_default())
    })
}

fn asked(arguments: &[OsString]) -> Option<Lang> {
    let words = arguments.iter().filter_map(|argument| argument.to_str()).collect::<Vec<_>>();
    let joined = words.iter().find_map(|word| word.strip_prefix("--lang="));
    let apart = || words.iter().position(|word| *word == "--lang").and_then(|at| words.get(at + 1)).copied();
    joined.or_else(apart)?.parse().ok()
}

/// `C` and `POSIX` name no language, and officials come first.
fn of_locale(locale: &str) -> Lang {
    let name = locale.split(['.', '@']).next().unwrap_or_default();
    match name {
        "" | "C" | "POSIX" => Lang::Zh,
        name if name.starts_with("zh") => Lang::Zh,
        _ => Lang::En,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(arguments: &[&str], variables: &[(&str, &str)]) -> Lang {
        let arguments = arguments.iter().map(OsString::from).collect::<Vec<_>>();
        choose(&arguments, |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_command_line_is_heard_before_the_environment() {
        assert_eq!(chosen(&["fenghuo", "--lang", "en", "dev"], &[("LANG", "zh_CN.UTF-8")]), Lang::En);
        assert_eq!(chosen(&["fenghuo", "dev", "--lang=zh"], &[("LANG", "en_US.UTF-8")]), Lang::Zh);
    }

    #[test]
    fn the_strongest_variable_that_is_set_is_heard() {
        assert_eq!(chosen(&[], &[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "en_GB.UTF-8")]), Lang::En);
        assert_eq!(chosen(&[], &[("LC_ALL", ""), ("LANG", "en_US")]), Lang::En);
        assert_eq!(chosen(&[], &[("LANG", "zh_TW.UTF-8")]), Lang::Zh);
        assert_eq!(chosen(&[], &[("LANG", "de_DE.UTF-8")]), Lang::En);
    }

    #[test]
    fn where_nobody_says_it_is_chinese() {
        for locale in ["", "C", "C.UTF-8", "POSIX"] {
            assert_eq!(chosen(&[], &[("LANG", locale)]), Lang::Zh, "{locale}");
        }
        assert_eq!(chosen(&[], &[]), Lang::Zh);
    }
}
