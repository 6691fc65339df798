//! What a command fails with: one line in the reader's language, the causes behind it, and an exit code.

use std::{error::Error as StdError, fmt, fmt::Write as _, process::ExitCode};

use chassis::status::refusal_of;
use decider::Lang;
use tonic::{Code, Status};

/// Most causes that are told; longer chains only repeat themselves.
const CAUSES_MAX: usize = 12;
/// The exit code of a comparison that could not be made: 0 is equal, 1 different, 2 a wrong use.
const UNDECIDED: u8 = 3;

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// 中文
    pub zh: String,
    /// English
    pub en: String,
}

impl Text {
    /// A sentence in both languages.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// The sentence in one of them.
    pub fn in_lang(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en)
    }
}

/// Why a command did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It was asked in a way that cannot be answered.
    #[error("{0}")]
    Usage(Text),
    /// It could not be done; there is nothing more to say.
    #[error("{0}")]
    Told(Text),
    /// It could not be done because of something else.
    #[error("{what}")]
    Caused {
        /// What was attempted.
        what: Text,
        /// Why it failed.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A service said no.
    #[error("{}", answer(.service, .status, Lang::En))]
    Answer {
        /// Which one.
        service: String,
        /// What it said.
        status: Box<Status>,
    },
    /// Two things that ought to be the same are not; that was found out, it did not fail.
    #[error("{0}")]
    Different(Text),
    /// A question of yes or no was not answered.
    #[error(transparent)]
    Undecided(Box<Self>),
    /// Whoever read the output has gone; that is no failure.
    #[error("nobody reads the output")]
    Unread,
}

impl Error {
    /// A wrong use of the command line.
    pub fn usage(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Usage(Text::new(zh, en))
    }

    /// A failure without a deeper cause.
    pub fn told(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Told(Text::new(zh, en))
    }

    /// A comparison that came out unequal.
    pub fn different(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Different(Text::new(zh, en))
    }

    /// For commands whose exit code answers a question: what is no answer must not look like one.
    pub fn undecided(self) -> Self {
        match self {
            Self::Told(_) | Self::Caused { .. } | Self::Answer { .. } => Self::Undecided(Box::new(self)),
            other => other,
        }
    }

    /// A service's answer that was no success.
    pub fn answer(service: &str, status: Status) -> Self {
        Self::Answer { service: service.to_owned(), status: Box::new(status) }
    }

    /// The code that the process ends with.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Unread => ExitCode::SUCCESS,
            Self::Usage(_) => ExitCode::from(2),
            Self::Undecided(_) => ExitCode::from(UNDECIDED),
            Self::Told(_) | Self::Caused { .. } | Self::Answer { .. } | Self::Different(_) => {
                ExitCode::FAILURE
            }
        }
    }

    /// The line that is printed: what was attempted, then its causes.
    pub fn line(&self, lang: Lang) -> String {
        let mut line = match self {
            Self::Usage(text)
            | Self::Told(text)
            | Self::Different(text)
            | Self::Caused { what: text, .. } => text.in_lang(lang).to_owned(),
            Self::Undecided(error) => return error.line(lang),
            Self::Answer { service, status } => answer(service, status, lang),
            Self::Unread => self.to_string(),
        };
        let mut cause = self.source();
        for _ in 0..CAUSES_MAX {
            let Some(error) = cause else { break };
            let text = told(error);
            // Some libraries repeat their source in their own text.
            if !line.contains(&text) {
                let _ = write!(line, "{}{text}", if lang == Lang::Zh { "：" } else { ": " });
            }
            cause = error.source();
        }
        line
    }
}

/// Adds what was attempted to a failure of something else.
pub trait Because<T> {
    /// Says in both languages what was attempted.
    fn because(self, zh: impl Into<String>, en: impl Into<String>) -> Result<T, Error>;
}

impl<T, E: Into<Box<dyn StdError + Send + Sync>>> Because<T> for Result<T, E> {
    fn because(self, zh: impl Into<String>, en: impl Into<String>) -> Result<T, Error> {
        self.map_err(|source| Error::Caused { what: Text::new(zh, en), source: source.into() })
    }
}

/// A status prints its insides; here only what it says.
fn told(error: &(dyn StdError + 'static)) -> String {
    match error.downcast_ref::<Status>() {
        Some(status) => status.message().to_owned(),
        None => error.to_string(),
    }
}

fn answer(service: &str, status: &Status, lang: Lang) -> String {
    if let Some(refused) = refusal_of(status) {
        let article =
            if refused.article.is_empty() { String::new() } else { format!(" [{}]", refused.article) };
        return match lang {
            Lang::Zh => format!("{service} 拒绝：{}{article}：{}", refused.name, refused.zh),
            Lang::En => format!("{service} refused: {}{article}: {}", refused.name, refused.en),
        };
    }
    let (zh, en) = meaning(status.code());
    match lang {
        Lang::Zh => format!("{service} {zh}：{}", status.message()),
        Lang::En => format!("{service} {en}: {}", status.message()),
    }
}

fn meaning(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::InvalidArgument => ("认为请求有误", "says the request is wrong"),
        Code::Unauthenticated => ("不认可令牌", "does not accept the token"),
        Code::PermissionDenied => ("不允许", "does not allow it"),
        Code::NotFound => ("没有找到", "did not find it"),
        Code::Unimplemented => ("没有这项服务", "does not offer it"),
        Code::Unavailable => ("现在无法应答", "cannot answer now"),
        Code::DeadlineExceeded => ("没有及时应答", "did not answer in time"),
        Code::Aborted => ("请稍后再试", "asks to try again"),
        _ => ("失败", "failed"),
    }
}

#[cfg(test)]
mod tests {
    use decider::Refused;

    use super::*;

    #[test]
    fn a_failure_is_one_line_with_its_causes_in_the_readers_language() {
        let cause = std::io::Error::other("the disk is full");
        let error = Err::<(), _>(cause).because("写入文件", "write the file").unwrap_err();
        assert_eq!(error.line(Lang::Zh), "写入文件：the disk is full");
        assert_eq!(error.line(Lang::En), "write the file: the disk is full");
    }

    #[test]
    fn a_refusal_is_told_by_name_article_and_text() {
        let refused = Refused {
            name: "NotDelegable".into(),
            article: "行政强制法17".into(),
            zh: "行政强制措施权不得委托".into(),
            en: "coercive measures cannot be delegated".into(),
        };
        let error = Error::answer("enforcement", chassis::status::refused(&refused));
        assert_eq!(
            error.line(Lang::Zh),
            "enforcement 拒绝：NotDelegable [行政强制法17]：行政强制措施权不得委托"
        );
        assert_eq!(
            error.line(Lang::En),
            "enforcement refused: NotDelegable [行政强制法17]: coercive measures cannot be delegated"
        );
    }
}
