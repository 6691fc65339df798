//! Following as of a moment: what was told then, in the order of arrival, and then the end.

use chassis::{Node, status};
use contracts::timeline::v1 as wire;
use decider::CaseId;
use futures::{StreamExt, TryStreamExt, stream};
use tonic::Status;

use super::{Following, VIEW, answer};
use crate::view::{self, EntryRow, Moment};

/// Entries read at once.
const PAGE: i64 = 500;

/// The entries of a moment after a position of the timeline's own log.
pub(super) fn told(node: Node, case: Option<CaseId>, moment: Moment, after: u64) -> Following {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let pages = stream::try_unfold(Some(after), move |next| {
        let (node, case, moment) = (node.clone(), case.clone(), moment.clone());
        async move {
            let Some(after) = next else { return Ok::<_, Status>(None) };
            let rows = page(&node, case.as_ref(), &moment, after).await?;
            let is_full = i64::try_from(rows.len()).is_ok_and(|len| len == PAGE);
            let next = rows.last().filter(|_| is_full).map(|row| row.log_position);
            Ok(Some((stream::iter(rows.into_iter().map(Ok)), next)))
        }
    });
    let told = |row| wire::FollowTimelineResponse { entry: Some(answer::entry(row)) };
    pages.try_flatten().map_ok(told).boxed()
}

async fn page(
    node: &Node,
    case: Option<&CaseId>,
    moment: &Moment,
    after: i64,
) -> Result<Vec<EntryRow>, Status> {
    let mut query = node.query(VIEW, moment.log_position.map_or(0, i64::cast_unsigned)).await?;
    let rows = view::arrivals(&mut query, case.map(CaseId::as_str), moment, after, PAGE).await;
    rows.map_err(|error| status::of_database(&error))
}
