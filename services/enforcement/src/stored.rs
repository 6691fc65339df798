//! Every shape of event ever stored still loads, and is written again as it was.

use decider::harness::{Shape, check_stored};
use strum::VariantNames;

use crate::{act, certificate, delegation, penalty, rulebook, seal};

#[test]
fn every_stored_shape_loads_and_is_written_as_it_was() {
    check_stored(
        env!("CARGO_MANIFEST_DIR"),
        &[
            Shape::of::<certificate::Event>("Certificate", certificate::Event::VARIANTS),
            Shape::of::<delegation::Event>("Delegation", delegation::Event::VARIANTS),
            Shape::of::<penalty::Event>("Penalty", penalty::Event::VARIANTS),
            Shape::of::<act::Event>("Act", act::Event::VARIANTS),
            Shape::of::<seal::Event>("Seal", seal::Event::VARIANTS),
            Shape::of::<rulebook::Event>("Rulebook", rulebook::Event::VARIANTS),
        ],
    );
}
