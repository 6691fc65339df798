//! Levels and jurisdiction: any one criterion, and the threshold belongs above.

use law::{Level, RulePack, Tier, cause_tier, government_tier};

const YUAN: i64 = 100;

fn level(deaths: u32, serious: u32, loss_fen: i64) -> Level {
    Level::of(deaths, serious, loss_fen, &RulePack::builtin()).unwrap()
}

#[test]
fn a_threshold_of_deaths_belongs_to_the_graver_level() {
    for (deaths, expected) in [
        (0, Level::General),
        (2, Level::General),
        (3, Level::Larger),
        (9, Level::Larger),
        (10, Level::Major),
        (11, Level::Major),
        (29, Level::Major),
        (30, Level::Extreme),
    ] {
        assert_eq!(level(deaths, 0, 0), expected, "{deaths}");
    }
}

#[test]
fn a_threshold_of_serious_injuries_belongs_to_the_graver_level() {
    for (serious, expected) in [
        (9, Level::General),
        (10, Level::Larger),
        (49, Level::Larger),
        (50, Level::Major),
        (99, Level::Major),
        (100, Level::Extreme),
    ] {
        assert_eq!(level(0, serious, 0), expected, "{serious}");
    }
}

#[test]
fn a_threshold_of_loss_belongs_to_the_graver_level() {
    for (yuan, expected) in [
        (10_000_000, Level::Larger),
        (28_065_000, Level::Larger),
        (50_000_000, Level::Major),
        (100_000_000, Level::Extreme),
    ] {
        assert_eq!(level(0, 0, yuan * YUAN), expected, "{yuan}");
        assert!(level(0, 0, yuan * YUAN - 1) <= expected);
    }
    assert_eq!(level(0, 0, 10_000_000 * YUAN - 1), Level::General);
    assert_eq!(level(0, 0, 50_000_000 * YUAN - 1), Level::Larger);
    assert_eq!(level(0, 0, 100_000_000 * YUAN - 1), Level::Major);
}

#[test]
fn any_one_criterion_is_enough() {
    assert_eq!(level(1, 100, 0), Level::Extreme);
    assert_eq!(level(30, 0, 0), Level::Extreme);
    assert_eq!(level(3, 0, 50_000_000 * YUAN), Level::Major);
}

#[test]
fn the_cause_of_a_fire_is_determined_where_the_harm_puts_it() {
    for (deaths, serious, households, expected) in [
        (0, 0, 0, Tier::County),
        (0, 9, 29, Tier::County),
        (1, 0, 0, Tier::City),
        (0, 10, 0, Tier::City),
        (0, 0, 30, Tier::City),
        (9, 10, 49, Tier::City),
        (9, 11, 0, Tier::Province),
        (10, 0, 0, Tier::Province),
        (0, 20, 0, Tier::Province),
        (0, 0, 50, Tier::Province),
    ] {
        let tier = cause_tier(deaths, serious, households, &RulePack::builtin()).unwrap();
        assert_eq!(tier, expected, "{deaths}/{serious}/{households}");
    }
}

#[test]
fn one_death_is_the_citys_cause_and_the_countys_inquiry() {
    let pack = RulePack::builtin();
    assert_eq!(cause_tier(1, 0, 0, &pack), Ok(Tier::City));
    assert_eq!(government_tier(level(1, 0, 0), &pack), Ok(Tier::County));
}

#[test]
fn the_inquiry_rises_with_the_level() {
    let tier = |level| government_tier(level, &RulePack::builtin()).unwrap();
    assert_eq!(tier(Level::Larger), Tier::City);
    assert_eq!(tier(Level::Major), Tier::Province);
    assert_eq!(tier(Level::Extreme), Tier::State);
    assert!(Tier::County < Tier::City && Tier::City < Tier::Province && Tier::Province < Tier::State);
}

#[test]
fn levels_and_tiers_are_named_in_both_languages() {
    assert_eq!((Level::Major.zh(), Level::Major.en()), ("重大", "major"));
    assert_eq!((Tier::Province.zh(), Tier::Province.en()), ("省级", "province"));
}
