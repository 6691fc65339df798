//! Every shape of event ever stored still loads, and is written again as it was.

use decider::harness::{Shape, check_stored};
use strum::VariantNames;

use crate::{authority, crime, determination, fire, inquiry};

#[test]
fn every_stored_shape_loads_and_is_written_as_it_was() {
    check_stored(
        env!("CARGO_MANIFEST_DIR"),
        &[
            Shape::of::<fire::Event>("Fire", fire::Event::VARIANTS),
            Shape::of::<determination::Event>("Determination", determination::Event::VARIANTS),
            Shape::of::<inquiry::Event>("Inquiry", inquiry::Event::VARIANTS),
            Shape::of::<crime::Event>("Crime", crime::Event::VARIANTS),
            Shape::of::<authority::Event>("Authority", authority::Event::VARIANTS),
        ],
    );
}
