//! Temporary measuring aid.
#![allow(dead_code, unused_imports, unreachable_pub)]
mod error {
    use std::error::Error as StdError;
    #[derive(Debug)]
    pub struct Error(pub String);
    impl std::fmt::Display for Error { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(&self.0) } }
    impl StdError for Error {}
    impl Error { pub fn told(_: impl Into<String>, en: impl Into<String>) -> Self { Self(en.into()) } }
    pub trait Because<T> { fn because(self, zh: impl Into<String>, en: impl Into<String>) -> Result<T, Error>; }
    impl<T, E: Into<Box<dyn StdError + Send + Sync>>> Because<T> for Result<T, E> {
        fn because(self, _: impl Into<String>, en: impl Into<String>) -> Result<T, Error> {
            self.map_err(|e| { let e: Box<dyn StdError + Send + Sync> = e.into(); let mut s = format!("{}: {e}", en.into()); let mut c = e.source(); while let Some(x) = c { s += &format!(": {x}"); c = x.source(); } Error(s) })
        }
    }
}
mod shell {
    #[derive(Clone, Copy)]
    pub struct Shell;
    impl Shell {
        pub fn pick<'a>(&self, _: &'a str, en: &'a str) -> &'a str { en }
        pub fn note(&self, line: impl std::fmt::Display) { eprintln!("{line}"); }
    }
}
mod bench {
    use std::time::Duration;
    #[path = "/tmp/bench/src/append.rs"] pub mod append;
    #[path = "/tmp/bench/src/drive.rs"] pub mod drive;
    #[path = "/tmp/bench/src/figures.rs"] pub mod figures;
    #[path = "/tmp/bench/src/fill.rs"] pub mod fill;
    #[path = "/tmp/bench/src/follow.rs"] pub mod follow;
    #[path = "/tmp/bench/src/raw.rs"] pub mod raw;
    #[path = "/tmp/bench/src/rebuild.rs"] pub mod rebuild;
    #[path = "/tmp/bench/src/sample.rs"] pub mod sample;
    #[path = "/tmp/bench/src/stage.rs"] pub mod stage;
    #[path = "/tmp/bench/src/e2e.rs"] pub mod e2e;
    pub struct Effort { pub rounds: u32, pub seconds: Duration, pub json: bool }
    pub struct Measured { pub server: String, pub rows: Vec<figures::Row> }
}
#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    let effort = bench::Effort { rounds: args[2].parse().unwrap(), seconds: Duration::from_secs_f64(args[3].parse().unwrap()), json: false };
    let n = args.get(4).map(|s| s.parse().unwrap());
    let measured = match args[1].as_str() {
        "append" => bench::append::measure(&effort, shell::Shell).await,
        "follow" => bench::follow::measure(&effort, n.unwrap_or(500_000), shell::Shell).await,
        "rebuild" => bench::rebuild::measure(&effort, n.unwrap_or(100_000), shell::Shell).await,
        "e2e" => bench::e2e::measure(&effort, n.map_or(200, |n: u64| n as u32), shell::Shell).await,
        _ => panic!(),
    }.unwrap();
    println!("{:9} {:>7} {:>8} {:>7} {:>7} | {:>7} {:>7} {:>7} | {:>5}", "case","clients","ev/s","p50","p99","raw/s","p50","p99","ratio");
    for r in measured.rows {
        println!("{:9} {:7} {:8.0} {:7.2} {:7.2} | {:7.0} {:7.2} {:7.2} | {:5.2} {} {}", r.case, r.clients, r.events_per_s, r.p50_ms, r.p99_ms, r.raw_events_per_s.unwrap_or(f64::NAN), r.raw_p50_ms.unwrap_or(f64::NAN), r.raw_p99_ms.unwrap_or(f64::NAN), r.ratio.unwrap_or(f64::NAN), r.sent.map_or(String::new(), |s| format!("sent {s}")), r.missed.map_or(String::new(), |s| format!("missed {s}")));
    }
}
use std::time::Duration;
