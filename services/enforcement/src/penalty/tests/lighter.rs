//! 从旧兼从轻: a new pack comes into force between the act and the decision (invariant 27, 行政处罚法 37).

use decider::Decider as _;
use law::{Adoption, Book, Calendar, Kind, LighterOf, RulePack, Which};
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, TestRunner},
};

use super::*;

/// After the act, before the notice.
const FROM: OffsetDateTime = datetime!(2023-03-22 0:00 +8);
const MONDAY: OffsetDateTime = datetime!(2023-04-03 10:00 +8);
const MAX: &str = "fine.fire60_unit.max";
const MIN: &str = "fine.fire60_unit.min";

/// Whether a line of a pack is a row of the rule.
fn is_of(line: &str, rule: &str) -> bool {
    line.contains(&format!(r#""id": "{rule}""#))
}

/// A pack's text with something else in the rows of a rule; an empty text drops them.
fn amended(text: &str, rule: &str, change: impl Fn(&str) -> String) -> String {
    assert!(text.lines().any(|line| is_of(line, rule)));
    let line = |line: &str| if is_of(line, rule) { change(line) } else { line.to_owned() };
    text.lines().map(line).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// The norm from another day on, in other amounts.
fn norm(min_yuan: i64, max_yuan: i64) -> String {
    let amount = |line: &str, old: &str, new: i64| {
        line.replace(&format!(r#""value": "{old}""#), &format!(r#""value": "{new}""#))
            .replace("2021-04-29", "2023-03-22")
            .replace("消防法60", "新消防法60")
    };
    let text = amended(RulePack::builtin_text(), MAX, |line| amount(line, "50000", max_yuan));
    amended(&text, MIN, |line| amount(line, "5000", min_yuan))
}

fn pack(text: &str) -> Arc<RulePack> {
    Arc::new(RulePack::parse(text, &[]).unwrap())
}

fn then(first: Arc<RulePack>, text: &str, from: OffsetDateTime) -> Arc<Book> {
    let adoption = Adoption {
        id: "r-1".into(),
        kind: Kind::Pack,
        version: "second".into(),
        effective_from: from,
        file: "second.json".into(),
        text: text.into(),
        allowed: vec![],
    };
    Arc::new(Book::new(first, Calendar::builtin()).with(adoption).unwrap())
}

/// The built-in pack, then another.
fn amendment(text: &str) -> Arc<Book> {
    then(RulePack::builtin(), text, FROM)
}

fn by(book: &Arc<Book>, cx: Context) -> Context {
    Context::under(book, cx.now, cx.at, cx.actor)
}

fn filed(book: &Arc<Book>, act_on: Option<Date>) -> Vec<Event> {
    let cx = by(book, officer(DAY));
    let Command::File { subject, items, officers, .. } = file(&["fire-60-1"], None, None, &cx) else {
        panic!()
    };
    let command = Command::File {
        subject,
        items,
        officers,
        delegation: None,
        accident_level: None,
        act_on,
        found_on: None,
        harm: None,
    };
    story(vec![(command, cx.clone()), (Command::ConfirmAct, cx)])
}

/// Told of a fine, after the new pack came into force.
fn told(book: &Arc<Book>, fine_yuan: i64) -> Vec<Event> {
    let concluded = after(filed(book, None), conclude(fine_yuan, &[]), &by(book, officer(DAY)));
    after(concluded, notify(true), &by(book, officer(NOTICE)))
}

fn choice(events: &[Event]) -> LighterOf {
    let said = |event: &Event| match event {
        Event::Decided { lighter, .. } | Event::NoticeServed { lighter, .. } => Some(lighter.clone()),
        _ => None,
    };
    events.iter().rev().find_map(said).unwrap()
}

fn out_of_range(min: i64, max: i64, article: &str) -> Refusal {
    Refusal::FineOutOfRange { min: InYuan(min * YUAN), max: InYuan(max * YUAN), article: article.into() }
}

#[test]
fn a_lighter_rule_that_came_after_the_act_is_applied_and_both_are_recorded() {
    let book = amendment(&norm(1_000, 20_000));
    let events = told(&book, 20_000);
    let told = choice(&events);
    assert_eq!(told.chosen, Which::New);
    let head = by(&book, head(MONDAY));
    given::<Penalty>(events.clone()).when(decide(999), &head).refused(out_of_range(
        1_000,
        20_000,
        "新消防法60(1)",
    ));
    let decided = after(events, decide(1_000), &head);
    let lighter = choice(&decided);
    let new = lighter.new.clone().unwrap();
    assert_eq!((lighter.old.on, new.on), (date!(2023 - 03 - 20), date!(2023 - 04 - 03)));
    assert_eq!(lighter.old.pack, RulePack::builtin().version());
    assert_eq!(new.pack, pack(&norm(1_000, 20_000)).version());
    assert_eq!((lighter.old.values, new.values), (values(50_000, 5_000), values(20_000, 1_000)));
    assert!(
        decided
            .iter()
            .any(|event| matches!(event, Event::Decided { article, .. } if article == "新消防法60(1)"))
    );
}

fn values(max: i64, min: i64) -> Vec<String> {
    vec![format!("{max} CNY"), format!("{min} CNY")]
}

#[test]
fn a_heavier_rule_does_not_reach_an_act_before_it() {
    let book = amendment(&norm(60_000, 100_000));
    let events = told(&book, 50_000);
    let decided = after(events, decide(5_000), &by(&book, head(MONDAY)));
    let lighter = choice(&decided);
    assert_eq!((lighter.chosen, lighter.old.values), (Which::Old, values(50_000, 5_000)));
    assert_eq!(lighter.new.unwrap().values, values(100_000, 60_000));
}

#[test]
fn an_act_after_the_new_rule_goes_by_it_alone() {
    let text = norm(60_000, 100_000).replace("2023-03-22", "2023-03-20");
    let book = then(RulePack::builtin(), &text, datetime!(2023-03-20 0:00 +8));
    given::<Penalty>(filed(&book, None))
        .when(conclude(50_000, &[]), &by(&book, officer(DAY)))
        .refused(out_of_range(60_000, 100_000, "新消防法60(1)"));
}

#[test]
fn where_both_say_the_same_the_old_one_stands() {
    let book = amendment(&norm(5_000, 50_000));
    let lighter = choice(&told(&book, 50_000));
    assert_eq!((lighter.chosen, lighter.new.unwrap().values), (Which::Old, lighter.old.values));
}

#[test]
fn what_is_no_longer_forbidden_is_neither_told_nor_decided() {
    let ended = |line: &str| line.replace(r#""lighter""#, r#""effective_to": "2023-03-21", "lighter""#);
    let ended = amended(&amended(RulePack::builtin_text(), MAX, ended), MIN, ended);
    let gone = |_: &str| String::new();
    let gone = amended(&amended(RulePack::builtin_text(), MAX, gone), MIN, gone);
    let no = || Refusal::NoLongerForbidden { item: id("fire-60-1") };
    for text in [ended, gone] {
        let book = amendment(&text);
        let concluded = after(filed(&book, None), conclude(5_000, &[]), &by(&book, officer(DAY)));
        given::<Penalty>(concluded).when(notify(true), &by(&book, officer(NOTICE))).refused(no());
        let head = by(&book, head(MONDAY));
        given::<Penalty>(noticed(5_000)).when(decide(5_000), &head).refused(no());
        given::<Penalty>(noticed(5_000)).when(choose(Which::Old), &head).refused(no());
        let late = by(&book, officer(NOTICE));
        let earlier = Command::File {
            subject: Some(subject()),
            items: vec![id("fire-60-1")],
            officers: two(&late),
            delegation: None,
            accident_level: None,
            act_on: Some(date!(2023 - 03 - 20)),
            found_on: None,
            harm: None,
        };
        given::<Penalty>([]).when(earlier, &late).refused(no());
        // A decision of before, entered late, stands on the rules of its own day.
        let entered = Context::under(&book, MONDAY, datetime!(2023-03-21 10:00 +8), officer(MONDAY).actor);
        after(filed(&book, None), conclude(5_000, &[]), &entered);
    }
}

fn choose(which: Which) -> Command {
    Command::ChooseEdition { which, reason: "w".into() }
}

/// A maximum in shares of something else.
fn incomparable() -> String {
    let share = |line: &str| {
        line.replace(r#""value": "50000", "unit": "CNY""#, r#""value": "0.50", "unit": "of_fine""#)
    };
    amended(RulePack::builtin_text(), MAX, share)
}

#[test]
fn what_cannot_be_compared_waits_for_the_head_who_says_why() {
    let book = amendment(&incomparable());
    let concluded = after(filed(&book, None), conclude(5_000, &[]), &by(&book, officer(DAY)));
    let officer = by(&book, officer(NOTICE));
    let refused = Penalty::decide(&state(&concluded), notify(true), &officer).unwrap_err();
    let Refusal::Incomparable { rule, old, .. } = &refused else { panic!("{refused:?}") };
    assert_eq!((rule.as_str(), old.as_str()), (MAX, "50000 CNY"));
    assert_eq!(decider::Refusal::article(&refused), "行政处罚法37");
    given::<Penalty>(concluded.clone()).when(choose(Which::Old), &officer).refused(Refusal::NotTheHead);
    let head = |at| by(&book, head(at));
    let unusable = Penalty::decide(&state(&concluded), choose(Which::New), &head(NOTICE)).unwrap_err();
    assert!(matches!(unusable, Refusal::EditionUnusable { .. }), "{unusable:?}");
    let chosen = after(concluded, choose(Which::Old), &head(NOTICE));
    given::<Penalty>(chosen.clone()).when(choose(Which::Old), &head(NOTICE)).then([]);
    let told = after(chosen, notify(true), &officer);
    let decided = after(told, decide(5_000), &head(MONDAY));
    let lighter = choice(&decided);
    assert_eq!((lighter.chosen, lighter.new.unwrap().values.len()), (Which::Old, 2));
}

fn state(events: &[Event]) -> State {
    events.iter().fold(State::Unknown, evolve)
}

#[test]
fn a_change_without_a_direction_and_a_norm_half_repealed_are_a_persons_to_choose() {
    let silent = |line: &str| line.replace(r#""lighter": "lower", "#, "");
    let first = amended(RulePack::builtin_text(), MAX, silent);
    let untold = then(pack(&first), &amended(&norm(1_000, 20_000), MAX, silent), FROM);
    let half = amendment(&amended(RulePack::builtin_text(), MIN, |_| String::new()));
    for (book, no) in [
        (untold, Refusal::LighterUntold { rule: MAX.into() }),
        (half, Refusal::PartlyRepealed { rule: MAX.into() }),
    ] {
        given::<Penalty>(noticed(5_000)).when(decide(5_000), &by(&book, head(MONDAY))).refused(no);
        let chosen = after(noticed(5_000), choose(Which::Old), &by(&book, head(MONDAY)));
        assert_eq!(choice(&after(chosen, decide(5_000), &by(&book, head(MONDAY)))).chosen, Which::Old);
    }
}

#[test]
fn a_choice_holds_for_what_it_was_made_between() {
    let silent = |line: &str| line.replace(r#""lighter": "lower", "#, "");
    let first = amended(RulePack::builtin_text(), MAX, silent);
    let second = |max| then(pack(&first), &amended(&norm(1_000, max), MAX, silent), FROM);
    let chosen = after(noticed(5_000), choose(Which::New), &by(&second(20_000), head(MONDAY)));
    given::<Penalty>(chosen.clone())
        .when(decide(5_000), &by(&second(30_000), head(MONDAY)))
        .refused(Refusal::LighterUntold { rule: MAX.into() });
    let decided = after(chosen, decide(5_000), &by(&second(20_000), head(MONDAY)));
    assert_eq!(choice(&decided).chosen, Which::New);
}

#[test]
fn a_choice_is_reviewed_like_everything_else_that_is_decided_on() {
    let book = amendment(&incomparable());
    let events = after(concluded(5_000, &[ReviewGround::Statutory]), notify(true), &officer(NOTICE));
    let review = Command::Review { passed: true, opinion: "o".into() };
    let events = after(events, review.clone(), &reviewer(NOTICE));
    let events = after(events, choose(Which::Old), &by(&book, head(MONDAY)));
    let head = by(&book, head(MONDAY));
    given::<Penalty>(events.clone()).when(decide(5_000), &head).refused(Refusal::NotReviewed);
    after(after(events, review, &by(&book, reviewer(MONDAY))), decide(5_000), &head);
}

#[test]
fn where_the_law_chooses_nobody_else_does() {
    let book = amendment(&norm(1_000, 20_000));
    given::<Penalty>(noticed(5_000))
        .when(choose(Which::Old), &by(&book, head(MONDAY)))
        .refused(Refusal::NothingToChoose);
}

#[test]
fn an_act_of_which_no_pack_knows_the_rules_is_a_persons_to_judge_until_a_pack_tells() {
    let long_ago = date!(2021 - 04 - 01);
    let book = amendment(RulePack::builtin_text());
    let events = filed(&book, Some(long_ago));
    let officer = by(&book, officer(DAY));
    let unknown = || Refusal::ActRulesUnknown { rule: MAX.into() };
    given::<Penalty>(events.clone()).when(conclude(5_000, &[]), &officer).refused(unknown());
    let head = by(&book, head(DAY));
    let old = Penalty::decide(&state(&events), choose(Which::Old), &head).unwrap_err();
    assert!(matches!(old, Refusal::EditionUnusable { .. }), "{old:?}");
    let chosen = after(events.clone(), choose(Which::New), &head);
    after(chosen, conclude(5_000, &[]), &officer);
    // A later pack tells what held on that day.
    let first = |line: &str| {
        format!(
            "{},{}",
            line.replace("2021-04-29", "2019-04-23")
                .replace(r#""lighter""#, r#""effective_to": "2021-04-28", "lighter""#)
                .trim_end_matches(','),
            line
        )
    };
    let told = amended(&amended(RulePack::builtin_text(), MAX, first), MIN, first);
    let told = then(RulePack::builtin(), &told, datetime!(2023-03-19 0:00 +8));
    let cx = Context::under(&told, DAY, DAY, officer.actor);
    after(events, conclude(5_000, &[]), &cx);
}

#[test]
fn the_investigation_may_find_another_day_of_the_act() {
    let book = amendment(&norm(60_000, 100_000));
    let cx = by(&book, officer(NOTICE));
    let after_the_change = Command::Conclude {
        facts: "f".into(),
        fine_fen: 60_000 * YUAN,
        review: vec![],
        act_on: Some(date!(2023 - 03 - 23)),
        harm: None,
    };
    let events = after(filed(&book, None), after_the_change, &cx);
    let lighter = choice(&after(events, notify(true), &cx));
    assert_eq!(lighter.old.on, date!(2023 - 03 - 23));
    let ahead = Command::Conclude {
        facts: "f".into(),
        fine_fen: 5_000 * YUAN,
        review: vec![],
        act_on: Some(date!(2023 - 03 - 25)),
        harm: None,
    };
    given::<Penalty>(filed(&book, None))
        .when(ahead, &cx)
        .refused(Refusal::ActDayAhead { day: date!(2023 - 03 - 25) });
}

#[test]
fn of_several_norms_the_higher_by_their_lighter_editions_is_filed() {
    // 消防法 61 allows 50,000 on both days; 60 allowed as much and now allows more.
    let book = then(RulePack::builtin(), &norm(5_000, 100_000), FROM);
    let late = by(&book, officer(NOTICE));
    let filing = |act_on| Command::File {
        subject: Some(subject()),
        items: vec![id("fire-61"), id("fire-60-1")],
        officers: two(&late),
        delegation: None,
        accident_level: None,
        act_on: Some(act_on),
        found_on: None,
        harm: None,
    };
    for (act_on, expected) in [(date!(2023 - 03 - 20), "fire-61"), (date!(2023 - 03 - 22), "fire-60-1")] {
        let events = given::<Penalty>([]).when(filing(act_on), &late).facts();
        assert!(matches!(&events[0], Event::Filed { item, .. } if *item == id(expected)), "{act_on}");
    }
}

#[test]
fn told_again_under_another_pack_the_same_choice_is_made_on_the_same_days() {
    use decider::shadow::Reckoned as _;
    let book = amendment(&norm(1_000, 20_000));
    let decided = after(told(&book, 20_000), decide(20_000), &by(&book, head(MONDAY)));
    let decided = decided.iter().find(|event| matches!(event, Event::Decided { .. })).unwrap();
    let other = |text: &str| Penalty::reckon(&State::Unknown, decided, &pack(text)).remove(0).other;
    // The pack of the decision itself, which has dropped the old row, makes no difference.
    assert_eq!(other(&norm(1_000, 20_000)), Ok(2_000_000));
    assert_eq!(other(RulePack::builtin_text()), Ok(2_000_000));
    assert_eq!(other(&norm(1_000, 10_000)).unwrap_err().name, "FineOutOfRange");
    let ended = |line: &str| line.replace(r#""lighter""#, r#""effective_to": "2023-03-21", "lighter""#);
    let ended = amended(&amended(RulePack::builtin_text(), MAX, ended), MIN, ended);
    assert_eq!(other(&ended).unwrap_err().name, "NoLongerForbidden");
    // Heavier from after the act on: the old row stands, and the fine with it.
    let row = |line: &str| {
        let old = line.replace(r#""lighter""#, r#""effective_to": "2023-03-21", "lighter""#);
        let new = line.replace("2021-04-29", "2023-03-22").replace(r#""5000""#, r#""60000""#);
        format!("{},{}", old.trim_end_matches(','), new.replace(r#""50000""#, r#""90000""#))
    };
    let heavier = amended(&amended(RulePack::builtin_text(), MAX, row), MIN, row);
    assert_eq!(other(&heavier), Ok(2_000_000));
}

/// An act on 20 March, a change of the law on some day, a decision on 3 April if the law allows the fine.
fn attempt((old, new, fine, day): ((i64, i64), (i64, i64), i64, i64)) -> Option<LighterOf> {
    let text = |(min, more): (i64, i64)| norm(min, min + more).replace("2023-03-22", "2021-04-29");
    let from = datetime!(2023-03-15 0:00 +8) + time::Duration::days(day);
    let book = then(pack(&text(old)), &text(new), from);
    let mut events = filed(&book, None);
    for (command, cx) in
        [(conclude(fine, &[]), officer(DAY)), (notify(true), officer(NOTICE)), (decide(fine), head(MONDAY))]
    {
        let decided = Penalty::decide(&state(&events), command, &by(&book, cx)).ok()?;
        events.extend(decided);
    }
    // What the law allowed on both days, told by hand.
    let (then, now) = (if day <= 5 { new } else { old }, if day <= 19 { new } else { old });
    let max = |(min, more): (i64, i64)| min + more;
    assert!(fine <= max(then).min(max(now)), "{fine} is above the lighter of {then:?} and {now:?}");
    let lighter = choice(&events);
    assert_eq!(lighter.old.values, values(max(then), then.0));
    assert_eq!(lighter.new.clone().unwrap().values, values(max(now), now.0));
    let (min, _) = if lighter.chosen == Which::Old { then } else { now };
    assert!(fine >= min);
    Some(lighter)
}

fn attempts() -> impl Strategy<Value = ((i64, i64), (i64, i64), i64, i64)> {
    let range = (1_i64..40, 0_i64..40);
    (range.clone(), range, 1_i64..60, 0_i64..25)
}

proptest! {
    #![proptest_config(Config::with_cases(48))]
    /// Invariant 27.
    #[test]
    fn no_fine_is_above_the_lighter_maximum(attempted in attempts()) {
        attempt(attempted);
    }
}

#[test]
fn the_random_amendments_reach_decisions_by_either_edition() {
    let mut runner = TestRunner::deterministic();
    let mut reached = [0; 2];
    for _ in 0..128 {
        if let Some(lighter) = attempt(attempts().new_tree(&mut runner).unwrap().current()) {
            reached[usize::from(lighter.chosen == Which::New)] += 1;
        }
    }
    assert!(reached.iter().all(|count| *count >= 5), "{reached:?}");
}
