//! What holds of every matter, in whatever order its reports are verified.

use std::collections::BTreeMap;

use decider::{
    Decider, DepartmentKind, Id, Role,
    harness::{actor, context},
};
use law::AreaCode;
use proptest::prelude::*;
use time::{Duration, OffsetDateTime, macros::datetime};

use super::*;

const RECEIVED: OffsetDateTime = datetime!(2023-03-01 10:00 +8);

fn id(n: u8) -> Id {
    Id::parse(&format!("r-{n}")).unwrap()
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        (0_u8..6).prop_map(|n| Command::Enter {
            claim: id(n),
            area: AreaCode::parse("330723").unwrap(),
            received_at: RECEIVED + Duration::minutes(n.into()),
        }),
        (0_u8..6, any::<bool>()).prop_map(|(n, confirmed)| Command::Conclude { claim: id(n), confirmed }),
    ]
}

proptest! {
    /// Invariant 22, middle part: the first reporter is unique, and nobody is first while an earlier report that
    /// is known is not dismissed.
    #[test]
    fn the_first_reporter_is_unique(commands in prop::collection::vec(command(), 1..40)) {
        let officer = actor(DepartmentKind::Fire, "330723", &[Role::Officer]);
        let cx = context(RECEIVED, officer);
        let mut state = State::default();
        let mut dismissed = BTreeMap::new();
        let mut first: Option<Id> = None;
        for command in commands {
            for event in Matter::decide(&state, command, &cx).unwrap_or_default() {
                state = Matter::evolve(state, &event);
                match event {
                    // Ids are in the order of receipt.
                    Event::Entered { claim, .. } => { dismissed.insert(claim, false); }
                    Event::Dismissed { claim } => { dismissed.insert(claim, true); }
                    Event::FirstDetermined { claim } => {
                        prop_assert!(first.is_none());
                        prop_assert!(dismissed.range(..claim.clone()).all(|(_, dismissed)| *dismissed));
                        first = Some(claim);
                    }
                    Event::CorroboratorDetermined { claim, first: named } => {
                        prop_assert_eq!(first.as_ref(), Some(&named));
                        prop_assert_ne!(claim, named);
                    }
                    Event::Confirmed { .. } | Event::FoundDistinct { .. } => {}
                }
            }
        }
    }
}
