//! Commands as they come over the wire, each with its stream; a wrong field is named.

use chassis::{field, status};
use contracts::investigation::v1::{self as wire, execute_request::Command as Wire};
use decider::{Id, Order, authority::Certificate};
use eventlog::ViewRead;
use pbjson_types::Timestamp;
use time::OffsetDateTime;
use tonic::{Code, Status};

use super::Door;
use crate::{
    crime::{self, Crime, TransferId},
    determination::{self, Determination},
    fire::{self, Fire, FireId, Totals},
    inquiry::{self, Inquiry, InquiryId},
    view,
};

impl Door {
    pub(super) async fn order(&self, command: Wire) -> Result<Order, Status> {
        match command {
            Wire::RaiseAlarm(m) => on_fire("raise_alarm", &m.fire_id, raise(&m)?),
            Wire::Report(m) => on_fire("report", &m.fire_id, report(&m)?),
            Wire::UpdateCasualties(m) => on_fire("update_casualties", &m.fire_id, update(&m)),
            Wire::Extinguish(m) => on_fire("extinguish", &m.fire_id, fire::Command::Extinguish),
            Wire::DeclareLoss(m) => on_fire("declare_loss", &m.fire_id, declare(&m)?),
            Wire::CloseScene(m) => on_fire("close_scene", &m.fire_id, close_scene(&m)?),
            Wire::ReleaseScene(m) => on_fire("release_scene", &m.fire_id, fire::Command::ReleaseScene),
            command @ (Wire::CommissionAppraisal(_)
            | Wire::ReturnAppraisal(_)
            | Wire::ExtendDetermination(_)
            | Wire::HearParties(_)
            | Wire::IssueDetermination(_)
            | Wire::FileDetermination(_)
            | Wire::ServeDetermination(_)
            | Wire::RequestReview(_)
            | Wire::AcceptReview(_)
            | Wire::RefuseReview(_)
            | Wire::ReturnReviewFile(_)
            | Wire::DecideReview(_)
            | Wire::NoteSuit(_)) => self.on_determination(command).await,
            Wire::CommissionInquiryAppraisal(m) => {
                let appraisal = field::parse("commission_inquiry_appraisal.appraisal_id", &m.appraisal_id)?;
                let command = inquiry::Command::CommissionAppraisal { appraisal };
                on_inquiry("commission_inquiry_appraisal", &m.inquiry_id, command)
            }
            Wire::ReturnInquiryAppraisal(m) => {
                let appraisal = field::parse("return_inquiry_appraisal.appraisal_id", &m.appraisal_id)?;
                let command = inquiry::Command::ReturnAppraisal { appraisal };
                on_inquiry("return_inquiry_appraisal", &m.inquiry_id, command)
            }
            Wire::SubmitInquiryReport(m) => {
                let document = field::text("submit_inquiry_report.document", &m.document)?;
                let command = inquiry::Command::SubmitReport { document };
                on_inquiry("submit_inquiry_report", &m.inquiry_id, command)
            }
            Wire::PublishInquiry(m) => {
                on_inquiry("publish_inquiry", &m.inquiry_id, inquiry::Command::Publish)
            }
            Wire::EvaluateRectification(m) => {
                let document = field::text("evaluate_rectification.document", &m.document)?;
                let command = inquiry::Command::Evaluate { document };
                on_inquiry("evaluate_rectification", &m.inquiry_id, command)
            }
            Wire::AppointTeam(m) => {
                let officers = self.officers("appoint_team.certificates", &m.certificates).await?;
                on_crime("appoint_team", &m.transfer_id, crime::Command::AppointTeam { officers })
            }
            Wire::ProposeTransfer(m) => {
                let command = crime::Command::Report {
                    article: field::parse("propose_transfer.article", &m.article)?,
                    document: field::text("propose_transfer.document", &m.document)?,
                };
                on_crime("propose_transfer", &m.transfer_id, command)
            }
            Wire::ApproveTransfer(m) => on_crime("approve_transfer", &m.transfer_id, crime::Command::Approve),
            Wire::DeclineTransfer(m) => {
                let reason = field::text("decline_transfer.reason", &m.reason)?;
                on_crime("decline_transfer", &m.transfer_id, crime::Command::Decline { reason })
            }
            Wire::SendTransfer(m) => {
                let command = crime::Command::Send {
                    to: field::parse("send_transfer.to", &m.to)?,
                    document: field::text("send_transfer.document", &m.document)?,
                };
                on_crime("send_transfer", &m.transfer_id, command)
            }
            Wire::ObjectToPolice(m) => on_crime("object_to_police", &m.transfer_id, crime::Command::Object),
            Wire::HandOver(m) => on_crime("hand_over", &m.transfer_id, crime::Command::HandOver),
            Wire::CloseTransfer(m) => {
                let penalty = field::optional("close_transfer.penalty_id", &m.penalty_id)?;
                on_crime("close_transfer", &m.transfer_id, crime::Command::Close { penalty })
            }
        }
    }

    async fn on_determination(&self, command: Wire) -> Result<Order, Status> {
        use determination::Command;
        let (name, id, command) = match command {
            Wire::CommissionAppraisal(m) => {
                let appraisal = field::parse("commission_appraisal.appraisal_id", &m.appraisal_id)?;
                ("commission_appraisal", m.fire_id, Command::CommissionAppraisal { appraisal })
            }
            Wire::ReturnAppraisal(m) => {
                let appraisal = field::parse("return_appraisal.appraisal_id", &m.appraisal_id)?;
                ("return_appraisal", m.fire_id, Command::ReturnAppraisal { appraisal })
            }
            Wire::ExtendDetermination(m) => {
                let document = optional_text("extend_determination.document", &m.document)?;
                ("extend_determination", m.fire_id, Command::Extend { document })
            }
            Wire::HearParties(m) => ("hear_parties", m.fire_id.clone(), hear(&m)?),
            Wire::IssueDetermination(m) => ("issue_determination", m.fire_id.clone(), self.issue(&m).await?),
            Wire::FileDetermination(m) => ("file_determination", m.fire_id, Command::File),
            Wire::ServeDetermination(m) => {
                let command = Command::Serve { by_public_notice: m.by_public_notice };
                ("serve_determination", m.fire_id, command)
            }
            Wire::RequestReview(m) => {
                let party = field::parse("request_review.party", &m.party)?;
                ("request_review", m.fire_id, Command::RequestReview { party })
            }
            Wire::AcceptReview(m) => {
                let document = optional_text("accept_review.document", &m.document)?;
                ("accept_review", m.fire_id, Command::AcceptReview { document })
            }
            Wire::RefuseReview(m) => {
                let ground = field::parse("refuse_review.ground", &m.ground)?;
                let document = optional_text("refuse_review.document", &m.document)?;
                ("refuse_review", m.fire_id, Command::RefuseReview { ground, document })
            }
            Wire::ReturnReviewFile(m) => ("return_review_file", m.fire_id, Command::ReturnFile),
            Wire::DecideReview(m) => {
                let outcome = field::parse("decide_review.outcome", &m.outcome)?;
                let document = optional_text("decide_review.document", &m.document)?;
                ("decide_review", m.fire_id, Command::DecideReview { outcome, document })
            }
            Wire::NoteSuit(m) => {
                let court = field::text("note_suit.court", &m.court)?;
                ("note_suit", m.fire_id, Command::NoteSuit { court })
            }
            // `order` sends the determination's commands here and no others.
            _ => return Err(field::no_command()),
        };
        let id = field::parse::<FireId>(&format!("{name}.fire_id"), &id)?;
        Ok(Order::of::<Determination>(id.as_str(), command))
    }

    async fn issue(&self, m: &wire::IssueDetermination) -> Result<determination::Command, Status> {
        Ok(determination::Command::Issue {
            document: field::text("issue_determination.document", &m.document)?,
            cause: field::text("issue_determination.cause", &m.cause)?,
            officers: self.officers("issue_determination.certificates", &m.certificates).await?,
            simple: m.simple,
        })
    }

    /// The certificates with everything that this log knows; an unknown number is the caller's mistake.
    async fn officers(&self, name: &str, numbers: &[String]) -> Result<Vec<Certificate>, Status> {
        field::list(name, numbers, field::parse::<Id>)?;
        let mut query = self.register().await?;
        let known =
            view::certificates(&mut query, numbers).await.map_err(|error| status::of_database(&error))?;
        let unknown =
            numbers.iter().find(|number| known.iter().all(|c| c.number.as_str() != number.as_str()));
        match unknown {
            Some(number) => Err(field::invalid(name, format_args!("no certificate {number} is known"))),
            None => Ok(known),
        }
    }

    /// The register as far as the log goes. One that lags so long is no answer to what was asked: come again.
    async fn register(&self) -> Result<ViewRead, Status> {
        let head = self.0.log().head().await.map_err(|error| status::of_log(&error))?;
        self.0.query("authority", head.position).await.map_err(|status| match status.code() {
            Code::DeadlineExceeded => Status::unavailable(status.message()),
            _ => status,
        })
    }
}

fn on_fire(name: &str, id: &str, command: fire::Command) -> Result<Order, Status> {
    let id = field::parse::<FireId>(&format!("{name}.fire_id"), id)?;
    Ok(Order::of::<Fire>(id.as_str(), command))
}

fn on_inquiry(name: &str, id: &str, command: inquiry::Command) -> Result<Order, Status> {
    let id = field::parse::<InquiryId>(&format!("{name}.inquiry_id"), id)?;
    Ok(Order::of::<Inquiry>(id.as_str(), command))
}

fn on_crime(name: &str, id: &str, command: crime::Command) -> Result<Order, Status> {
    let id = field::parse::<TransferId>(&format!("{name}.transfer_id"), id)?;
    Ok(Order::of::<Crime>(id.as_str(), command))
}

fn raise(m: &wire::RaiseAlarm) -> Result<fire::Command, Status> {
    Ok(fire::Command::RaiseAlarm {
        premises: field::text("raise_alarm.premises", &m.premises)?,
        area: field::parse("raise_alarm.area", &m.area)?,
        unit: field::parse("raise_alarm.unit", &m.unit)?,
        ignited_at: field::instant("raise_alarm.ignited_at", m.ignited_at.as_ref())?,
        unit_knew_at: optional_instant("raise_alarm.unit_knew_at", m.unit_knew_at.as_ref())?,
    })
}

fn report(m: &wire::Report) -> Result<fire::Command, Status> {
    Ok(fire::Command::Report {
        from: field::parse("report.from", &m.from)?,
        to: field::parse("report.to", &m.to)?,
    })
}

fn update(m: &wire::UpdateCasualties) -> fire::Command {
    fire::Command::UpdateCasualties(Totals {
        deaths: m.deaths,
        serious_injuries: m.serious_injuries,
        households: m.households,
        direct_loss_fen: m.direct_loss_fen,
        property_loss_fen: m.property_loss_fen,
    })
}

fn declare(m: &wire::DeclareLoss) -> Result<fire::Command, Status> {
    Ok(fire::Command::DeclareLoss {
        unit: field::parse("declare_loss.unit", &m.unit)?,
        property_loss_fen: m.property_loss_fen,
        document: field::text("declare_loss.document", &m.document)?,
    })
}

fn close_scene(m: &wire::CloseScene) -> Result<fire::Command, Status> {
    Ok(fire::Command::CloseScene {
        range: field::text("close_scene.range", &m.range)?,
        demands: field::list("close_scene.demands", &m.demands, field::text)?,
    })
}

fn hear(m: &wire::HearParties) -> Result<determination::Command, Status> {
    Ok(determination::Command::HearParties {
        cause: field::text("hear_parties.cause", &m.cause)?,
        present: field::list("hear_parties.present", &m.present, field::parse)?,
        absent: field::list("hear_parties.absent", &m.absent, field::parse)?,
        disputed: m.disputed,
    })
}

fn optional_text(name: &str, text: &str) -> Result<Option<String>, Status> {
    if text.is_empty() { Ok(None) } else { field::text(name, text).map(Some) }
}

fn optional_instant(name: &str, at: Option<&Timestamp>) -> Result<Option<OffsetDateTime>, Status> {
    at.map(|at| field::instant(name, Some(at))).transpose()
}
