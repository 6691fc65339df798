//! How far a long piece of work is: a bar where somebody watches, now and then a line where nobody does.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use crate::shell::Shell;

/// Cells of the bar.
const CELLS: usize = 30;
/// How often the bar is drawn anew, and how often a line is written instead.
const REDRAW: Duration = Duration::from_millis(100);
const LINE: Duration = Duration::from_secs(5);

/// Tells on standard error how far events are.
pub(crate) struct Bar {
    shell: Shell,
    is_terminal: bool,
    /// When the work began here, and at which position.
    begun: Instant,
    first: Option<u64>,
    told: Option<Instant>,
}

impl Bar {
    pub(crate) fn new(shell: Shell) -> Self {
        let is_terminal = io::stderr().is_terminal();
        Self { shell, is_terminal, begun: Instant::now(), first: None, told: None }
    }

    /// Tells, unless it was told just before; the end is always told on a bar.
    pub(crate) fn show(&mut self, position: u64, target: u64) {
        let first = *self.first.get_or_insert(position);
        let pause = if self.is_terminal { REDRAW } else { LINE };
        let since = self.told.unwrap_or(self.begun).elapsed();
        let is_end = self.is_terminal && position >= target;
        if since < pause && !is_end {
            return;
        }
        self.told = Some(Instant::now());
        let text = figures(position, target, rate(position - first, self.begun.elapsed()), self.shell);
        if self.is_terminal {
            // There is nowhere to complain about a standard error that is closed.
            let _ = write!(io::stderr(), "\r{} {text}\x1b[K", cells(position, target));
        } else {
            self.shell.note(text);
        }
    }

    /// Takes the bar away.
    pub(crate) fn done(&self) {
        if self.is_terminal {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

/// Events per second.
fn rate(events: u64, time: Duration) -> f64 {
    events as f64 / time.as_secs_f64().max(1e-3)
}

fn cells(position: u64, target: u64) -> String {
    let share = if target == 0 { 1.0 } else { position as f64 / target as f64 };
    let full = ((share * CELLS as f64) as usize).min(CELLS);
    format!("{}{}", "█".repeat(full), "░".repeat(CELLS - full))
}

fn figures(position: u64, target: u64, rate: f64, shell: Shell) -> String {
    let left = target.saturating_sub(position) as f64;
    let eta = if rate > 0.0 { format!("{:.0}", (left / rate).ceil()) } else { "?".to_owned() };
    let text = (
        format!("{position}/{target}，{rate:.0} 事件/秒，还需 {eta} 秒"),
        format!("{position}/{target}, {rate:.0} events/s, {eta} s to go"),
    );
    shell.pick(&text.0, &text.1).to_owned()
}

#[cfg(test)]
mod tests {
    use decider::Lang;

    use super::*;

    #[test]
    fn the_bar_is_as_full_as_the_work_is_done() {
        assert_eq!(cells(0, 0), "█".repeat(CELLS));
        assert_eq!(cells(15, 30).matches('█').count(), CELLS / 2);
        assert_eq!(cells(99, 30), "█".repeat(CELLS));
    }

    #[test]
    fn the_time_to_go_follows_from_the_rate() {
        let shell = Shell { lang: Lang::En };
        assert_eq!(figures(500, 1_500, 250.0, shell), "500/1500, 250 events/s, 4 s to go");
        assert_eq!(figures(0, 10, 0.0, shell), "0/10, 0 events/s, ? s to go");
    }
}
