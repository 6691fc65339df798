//! Every shape of event ever stored still loads, and is written again as it was.

use decider::harness::{Shape, check_stored};
use strum::VariantNames;

use crate::{listing, subject};

#[test]
fn every_stored_shape_loads_and_is_written_as_it_was() {
    check_stored(
        env!("CARGO_MANIFEST_DIR"),
        &[
            Shape::of::<listing::Event>("Listing", listing::Event::VARIANTS),
            Shape::of::<subject::Event>("Subject", subject::Event::VARIANTS),
        ],
    );
}
