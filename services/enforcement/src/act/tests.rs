//! The specification of an act, sentence by sentence.

use decider::{
    Context, DepartmentKind, Role,
    harness::{actor, context, given},
};
use time::macros::datetime;

use super::*;

fn cx() -> Context {
    context(datetime!(2023-03-10 9:00 +8), actor(DepartmentKind::Fire, "330723", &[Role::Officer]))
}

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn claim(penalty: &str) -> Command {
    Command::Claim { penalty: id(penalty) }
}

fn claimed(penalty: &str) -> Event {
    Event::Claimed { penalty: id(penalty) }
}

#[test]
fn the_first_case_has_the_act_and_the_second_is_told() {
    given::<Act>([]).when(claim("p-1"), &cx()).then([claimed("p-1")]);
    let denied = Event::Denied { penalty: id("p-2"), holder: id("p-1") };
    given::<Act>([claimed("p-1")]).when(claim("p-2"), &cx()).then([denied.clone()]);
    given::<Act>([claimed("p-1"), denied]).when(claim("p-2"), &cx()).then([]);
}

#[test]
fn a_repeated_claim_changes_nothing() {
    given::<Act>([claimed("p-1")]).when(claim("p-1"), &cx()).then([]);
}

#[test]
fn only_the_holder_gives_the_act_back_and_then_another_case_may_have_it() {
    let release = |penalty| Command::Release { penalty: id(penalty) };
    given::<Act>([claimed("p-1")]).when(release("p-2"), &cx()).then([]);
    let released = Event::Released { penalty: id("p-1") };
    given::<Act>([claimed("p-1")]).when(release("p-1"), &cx()).then([released.clone()]);
    given::<Act>([claimed("p-1"), released]).when(claim("p-2"), &cx()).then([claimed("p-2")]);
}

#[test]
fn acts_of_two_units_or_two_acts_of_one_unit_are_different() {
    let (a, b) = (Uscc::synthetic(330_723, 1), Uscc::synthetic(330_723, 2));
    assert_ne!(act_id(&a, &id("drums")), act_id(&b, &id("drums")));
    assert_ne!(act_id(&a, &id("drums")), act_id(&a, &id("exit")));
}
