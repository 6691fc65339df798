//! Every shape of event ever stored still loads, and is written again as it was.

use decider::harness::{Shape, check_stored};
use strum::VariantNames;

use crate::{budget, claim, fine, matter};

#[test]
fn every_stored_shape_loads_and_is_written_as_it_was() {
    check_stored(
        env!("CARGO_MANIFEST_DIR"),
        &[
            Shape::of::<claim::Event>("Claim", claim::Event::VARIANTS),
            Shape::of::<matter::Event>("Matter", matter::Event::VARIANTS),
            Shape::of::<fine::Event>("Fine", fine::Event::VARIANTS),
            Shape::of::<budget::Event>("Budget", budget::Event::VARIANTS),
        ],
    );
}
