//! Invariant 14: the level is computed anew until the seventh day, and jurisdiction only follows upward.

use decider::{
    Context, Decider, DepartmentKind, Role,
    harness::{actor, beside_clocks, context},
};
use law::{AreaCode, Level, Tier, Uscc, cause_tier, government_tier};
use proptest::prelude::*;
use time::{Duration, OffsetDateTime, macros::datetime};

use super::*;

const ALARM: OffsetDateTime = datetime!(2023-04-17 14:04 +8);
const WINDOW_END: OffsetDateTime = datetime!(2023-04-25 0:00 +8);

fn at(instant: OffsetDateTime) -> Context {
    context(instant, actor(DepartmentKind::Fire, "330723", &[Role::Officer]))
}

fn raise() -> State {
    let command = Command::RaiseAlarm {
        premises: "plant".into(),
        area: AreaCode::parse("330723103").unwrap(),
        unit: Uscc::synthetic(330_723, 1),
        ignited_at: ALARM,
        unit_knew_at: None,
    };
    let events = Fire::decide(&State::default(), command, &at(ALARM)).unwrap();
    events.iter().fold(State::default(), Fire::evolve)
}

fn totals() -> impl Strategy<Value = Totals> {
    (0..40_u32, 0..120_u32, 0..60_u32, 0..15_000_000_000_i64).prop_map(
        |(deaths, serious_injuries, households, direct_loss_fen)| Totals {
            deaths,
            serious_injuries,
            households,
            direct_loss_fen,
            property_loss_fen: 0,
        },
    )
}

proptest! {
    #[test]
    fn the_level_is_that_of_the_last_totals_within_the_window_and_jurisdiction_never_falls(
        updates in prop::collection::vec((0..14 * 24 * 60_i64, totals()), 1..12),
    ) {
        let mut updates = updates;
        updates.sort_by_key(|(minute, _)| *minute);
        let mut state = raise();
        let (mut level, mut cause, mut government) = (None, Tier::County, Tier::County);
        for (minute, totals) in updates {
            let cx = at(ALARM + Duration::minutes(minute));
            let events = Fire::decide(&state, Command::UpdateCasualties(totals), &cx).unwrap();
            if cx.at < WINDOW_END {
                let now = Level::of(totals.deaths, totals.serious_injuries, totals.direct_loss_fen, &cx.rules).unwrap();
                level = Some(now);
                let tier = cause_tier(totals.deaths, totals.serious_injuries, totals.households, &cx.rules).unwrap();
                cause = cause.max(tier);
                government = government.max(government_tier(now, &cx.rules).unwrap());
            } else {
                let only = |event: &Event| matches!(event, Event::CasualtiesUpdated { within_window: false, .. });
                prop_assert!(beside_clocks(events.clone()).iter().all(only));
            }
            state = events.iter().fold(state, Fire::evolve);
            let State::Raised(raised) = &state else { unreachable!("the alarm was raised") };
            prop_assert_eq!((raised.level, raised.cause, raised.government), (level, cause, government));
        }
    }

    #[test]
    fn whoever_was_told_below_the_top_has_reported_or_owes_a_report(
        acts in prop::collection::vec((0..3_u32, 0..12_u32, 1..200_i64), 1..15),
    ) {
        let ladder = [(Rung::Unit, Rung::County, "330723"), (Rung::County, Rung::City, "330723"),
                      (Rung::City, Rung::Province, "3307")];
        let (mut state, mut now) = (raise(), ALARM);
        for (rung, deaths, minutes) in acts {
            now += Duration::minutes(minutes);
            let (from, to, area) = ladder[rung as usize];
            let reporter = context(now, actor(DepartmentKind::Emergency, area, &[]));
            let report = Fire::decide(&state, Command::Report { from, to }, &reporter).unwrap();
            state = report.iter().fold(state, Fire::evolve);
            let update = Command::UpdateCasualties(Totals { deaths, ..Totals::default() });
            let update = Fire::decide(&state, update, &at(now)).unwrap();
            state = update.iter().fold(state, Fire::evolve);
            let State::Raised(raised) = &state else { unreachable!("the alarm was raised") };
            let top = match raised.level {
                None | Some(Level::General) => Rung::City,
                Some(Level::Larger) => Rung::Province,
                Some(Level::Major | Level::Extreme) => Rung::State,
            };
            for rung in raised.informed.iter().filter(|rung| **rung < top) {
                prop_assert!(raised.owes_or_has_done(*rung), "{rung}");
            }
        }
    }
}
