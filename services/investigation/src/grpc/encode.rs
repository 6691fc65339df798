//! Rows of the views as they go over the wire.

use std::collections::BTreeMap;

use contracts::{envelope::v1 as envelope, investigation::v1 as wire};
use law::Due;
use sqlx::types::Json;

use crate::view::{DeterminationRow, FireRow, InquiryRow, TransferRow};

pub(super) fn fire(row: FireRow) -> wire::Fire {
    let totals = row.totals.0;
    wire::Fire {
        fire_id: row.fire_id,
        case_id: row.case_id.unwrap_or_default(),
        premises: row.premises,
        area: row.area,
        unit: row.unit,
        ignited_at: Some(chassis::timestamp(row.ignited_at)),
        alarm_at: Some(chassis::timestamp(row.alarm_at)),
        state: row.state,
        level: row.level,
        cause_tier: row.cause_tier,
        government_tier: row.government_tier,
        deaths: totals.deaths,
        serious_injuries: totals.serious_injuries,
        households: totals.households,
        direct_loss_fen: totals.direct_loss_fen,
        property_loss_fen: totals.property_loss_fen,
        scene_closed: row.scene_closed,
        inquiry_id: row.inquiry_id.unwrap_or_default(),
        recompute_until: Some(chassis::due(&row.recompute_until)),
        duties: duties(row.duties.0),
        version: row.version.cast_unsigned(),
    }
}

pub(super) fn determination(row: DeterminationRow) -> wire::Determination {
    wire::Determination {
        fire_id: row.fire_id,
        case_id: row.case_id.unwrap_or_default(),
        tier: row.tier,
        state: row.state,
        cause: row.cause,
        document: row.document,
        determine_by: Some(chassis::due(&row.determine_by)),
        due: due(row.due),
        extended: row.extended,
        version: row.version.cast_unsigned(),
    }
}

pub(super) fn inquiry(row: InquiryRow) -> wire::Inquiry {
    wire::Inquiry {
        inquiry_id: row.inquiry_id,
        case_id: row.case_id.unwrap_or_default(),
        fire_id: row.fire_id,
        government: row.government,
        tier: row.tier,
        level: row.level,
        state: row.state,
        report_by: Some(chassis::due(&row.report_by)),
        due: due(row.due),
        version: row.version.cast_unsigned(),
    }
}

pub(super) fn transfer(row: TransferRow) -> wire::Transfer {
    let indications = row.indications.0.into_iter().map(|(article, why)| wire::Indication {
        article,
        facts: why.facts,
        early_warning: why.early_warning,
    });
    wire::Transfer {
        transfer_id: row.transfer_id,
        case_id: row.case_id.unwrap_or_default(),
        agency: row.agency,
        article: row.article,
        indications: indications.collect(),
        state: row.state,
        due: due(row.due),
        version: row.version.cast_unsigned(),
    }
}

fn due(due: Option<Json<Due>>) -> Option<envelope::Due> {
    due.map(|due| chassis::due(&due))
}

fn duties(running: BTreeMap<String, Due>) -> Vec<wire::RunningDuty> {
    let mut running: Vec<_> = running.into_iter().collect();
    running.sort_by_key(|(_, due)| due.at);
    running.into_iter().map(|(duty, due)| wire::RunningDuty { duty, due: Some(chassis::due(&due)) }).collect()
}
