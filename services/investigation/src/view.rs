//! What this service shows: fires, determinations, inquiries, transfers, and the certificates that commands are
//! checked against.

mod authority;
mod determinations;
mod fires;
mod inquiries;
mod transfers;

pub use authority::{AuthorityView, certificates};
pub use determinations::{DeterminationRow, DeterminationsView, determination};
pub use fires::{FireRow, FiresView, fire, fires};
pub use inquiries::{InquiriesView, InquiryRow, inquiry};
pub use transfers::{Indication, TransferRow, TransfersView, transfer};
