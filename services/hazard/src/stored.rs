//! Every shape of event ever stored still loads, and is written again as it was.

use decider::harness::{Shape, check_stored};
use strum::VariantNames;

use crate::{authority, hazard, report};

#[test]
fn every_stored_shape_loads_and_is_written_as_it_was() {
    check_stored(
        env!("CARGO_MANIFEST_DIR"),
        &[
            Shape::of::<report::Event>("Report", report::Event::VARIANTS),
            Shape::of::<hazard::Event>("Hazard", hazard::Event::VARIANTS),
            Shape::of::<authority::Event>("Authority", authority::Event::VARIANTS),
        ],
    );
}
