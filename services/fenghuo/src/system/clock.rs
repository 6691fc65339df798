//! Whose time it is: the machine's, or a script's that stands still until it is moved.

use std::{fs, io, path::PathBuf, sync::Arc};

use eventlog::{Clock, ScriptedClock, SystemClock};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::error::{Because, Error};

/// Whose time a system goes by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClockChoice {
    /// The machine's.
    #[default]
    Real,
    /// A script's. It begins where it stood last in this folder; else at the given instant; else now.
    Scripted(Option<OffsetDateTime>),
}

/// The system's clock. Clones show the same time.
#[derive(Clone)]
pub(super) struct SystemTime {
    scripted: Option<ScriptedClock>,
    file: PathBuf,
}

impl SystemTime {
    pub(super) fn start(choice: &ClockChoice, file: PathBuf) -> Result<Self, Error> {
        let scripted = match choice {
            ClockChoice::Real => None,
            ClockChoice::Scripted(first) => {
                let at = stood(&file)?.or(*first).unwrap_or_else(OffsetDateTime::now_utc);
                Some(ScriptedClock::new(at))
            }
        };
        Ok(Self { scripted, file })
    }

    pub(super) fn is_scripted(&self) -> bool {
        self.scripted.is_some()
    }

    pub(super) fn clock(&self) -> Arc<dyn Clock> {
        match &self.scripted {
            Some(clock) => Arc::new(clock.clone()),
            None => Arc::new(SystemClock),
        }
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        self.clock().now()
    }

    /// Moves the clock, and writes down where it stands, so that the next start goes on from there.
    pub(super) fn set(&self, at: OffsetDateTime) -> Result<(), Error> {
        let clock = self.scripted.as_ref().ok_or_else(|| {
            Error::told(
                "真实时钟不能拨动；请用 fenghuo dev --clock scripted 启动",
                "nobody moves the real clock; start with `fenghuo dev --clock scripted`",
            )
        })?;
        let text = at.format(&Rfc3339).because("写出时刻", "spell the instant")?;
        let new = self.file.with_extension("new");
        fs::write(&new, text)
            .and_then(|()| fs::rename(&new, &self.file))
            .because("保存脚本时钟", "store the scripted clock")?;
        clock.set(at);
        Ok(())
    }
}

fn stood(file: &PathBuf) -> Result<Option<OffsetDateTime>, Error> {
    let text = match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text.because("读取脚本时钟", "read the scripted clock")?,
    };
    OffsetDateTime::parse(text.trim(), &Rfc3339).map(Some).because("读取脚本时钟", "read the scripted clock")
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_scripted_clock_goes_on_where_it_stood() {
        let scratch = ::servers::Scratch::new().unwrap();
        let file = scratch.path().join("clock");
        let (first, later) = (datetime!(2023-01-01 0:00 UTC), datetime!(2023-04-17 06:01:47 UTC));
        let time = SystemTime::start(&ClockChoice::Scripted(Some(first)), file.clone()).unwrap();
        assert_eq!(time.now(), first);
        time.set(later).unwrap();
        let again = SystemTime::start(&ClockChoice::Scripted(Some(first)), file).unwrap();
        assert_eq!(again.now(), later);
    }

    #[test]
    fn nobody_moves_the_real_clock() {
        let time = SystemTime::start(&ClockChoice::Real, PathBuf::from("unused")).unwrap();
        assert!(time.set(datetime!(2023-01-01 0:00 UTC)).is_err());
    }
}
