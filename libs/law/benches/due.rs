//! What a due date costs: `cargo bench --package law`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use law::{Calendar, Period, Role, Suspension};
use time::{Duration, macros::datetime};

fn due(bench: &mut Criterion) {
    let calendar = Calendar::builtin();
    let start = datetime!(2025-09-26 10:00 +8);
    for text in ["24 hours", "3 working days", "15 working days", "250 working days", "30 days", "6 months"] {
        let period: Period = text.parse().expect("a literal period");
        bench.bench_function(text, |bench| {
            bench.iter(|| calendar.due(black_box(start), black_box(period), Role::Party));
        });
    }
    let period: Period = "30 days".parse().expect("a literal period");
    let appraisals: Vec<Suspension> = (0..3)
        .map(|number| {
            let from = start + Duration::days(4 * number);
            Suspension { from, to: Some(from + Duration::days(7)) }
        })
        .collect();
    bench.bench_function("30 days, three overlapping appraisals", |bench| {
        bench.iter(|| calendar.due_excluding(start, period, Role::Agency, black_box(&appraisals), start));
    });
}

criterion_group!(benches, due);
criterion_main!(benches);
