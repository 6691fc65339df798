//! gRPC: a request becomes a command with its stream, or INVALID_ARGUMENT; queries answer from views.

use chassis::{Node, field, status};
use contracts::hazard::v1::{self as wire, execute_request::Command as Wire, hazard_service_server};
use decider::{
    Decider, Department, Id, Order, ReporterRef, StreamName,
    authority::{Certificate, Delegation},
};
use eventlog::ViewRead;
use law::{AreaCode, Period, Uscc};
use prost::Message;
use tonic::{Code, Request, Response, Status, service::RoutesBuilder};

use crate::{
    hazard::{self, Hazard, HazardId},
    report::{self, Report, ReportId},
    view,
};

/// Most rows a page has.
const PAGE_MAX: u32 = 200;

/// Adds the service's routes.
pub fn routes(node: Node, routes: &mut RoutesBuilder) {
    routes.add_service(hazard_service_server::HazardServiceServer::new(Door(node)));
}

struct Door(Node);

#[tonic::async_trait]
impl hazard_service_server::HazardService for Door {
    async fn execute(
        &self,
        request: Request<wire::ExecuteRequest>,
    ) -> Result<Response<wire::ExecuteResponse>, Status> {
        let caller = self.0.caller(&request)?;
        let mut message = request.into_inner();
        let envelope = message.request.take();
        let bytes = message.encode_to_vec();
        let command = message.command.ok_or_else(field::no_command)?;
        let order = self.order(command, &caller.actor.department).await?;
        let outcome = self.0.execute(caller, envelope, &bytes, order).await?;
        Ok(Response::new(wire::ExecuteResponse { outcome: Some(outcome) }))
    }

    async fn get_hazard(
        &self,
        request: Request<wire::GetHazardRequest>,
    ) -> Result<Response<wire::GetHazardResponse>, Status> {
        let caller = self.0.caller(&request)?;
        let wire::GetHazardRequest { hazard_id, min_position } = request.into_inner();
        let id = field::parse::<HazardId>("hazard_id", &hazard_id)?;
        let mut query = self.0.query("hazards", min_position).await?;
        let row = view::get(&mut query, id.as_str()).await.map_err(|error| status::of_database(&error))?;
        let stream = StreamName::new(Hazard::NAME, id.as_str());
        let freshness = self.0.freshness("hazards", query, &stream).await?;
        let hazard = row.ok_or_else(|| Status::not_found(format!("no hazard case is called {id}")))?;
        self.0.opened(&caller, "GetHazard", &stream, freshness.position).await?;
        Ok(Response::new(wire::GetHazardResponse {
            hazard: Some(encode(hazard)),
            freshness: Some(freshness),
        }))
    }

    async fn list_hazards(
        &self,
        request: Request<wire::ListHazardsRequest>,
    ) -> Result<Response<wire::ListHazardsResponse>, Status> {
        self.0.caller(&request)?;
        let wire::ListHazardsRequest { min_position, page_size, page_token, state } = request.into_inner();
        let before = field::optional::<i64>("page_token", &page_token)?.unwrap_or(i64::MAX);
        let limit = i64::from(if page_size == 0 { 50 } else { page_size.min(PAGE_MAX) });
        let mut query = self.0.query("hazards", min_position).await?;
        let rows = view::list(&mut query, &state, before, limit)
            .await
            .map_err(|error| status::of_database(&error))?;
        let full = i64::try_from(rows.len()).is_ok_and(|len| len == limit);
        let next = rows.last().filter(|_| full).map(|row| row.opened_position.to_string());
        Ok(Response::new(wire::ListHazardsResponse {
            hazards: rows.into_iter().map(encode).collect(),
            next_page_token: next.unwrap_or_default(),
            freshness: Some(chassis::freshness(&query)),
        }))
    }
}

impl Door {
    async fn order(&self, command: Wire, acting: &Department) -> Result<Order, Status> {
        match command {
            Wire::ReceiveReport(m) => Ok(report_order("receive_report", &m.report_id, receive(&m)?)?),
            Wire::RouteReport(m) => {
                let to = field::parse("route_report.to", &m.to)?;
                report_order("route_report", &m.report_id, report::Command::Route { to })
            }
            Wire::VerifyReport(m) => {
                let command = report::Command::Verify { confirmed: m.confirmed, by: None };
                report_order("verify_report", &m.report_id, command)
            }
            Wire::OpenCase(m) => hazard_order("open_case", &m.hazard_id, open(&m)?),
            Wire::Inspect(m) => hazard_order("inspect", &m.hazard_id, self.inspect(&m).await?),
            Wire::OrderRectification(m) => {
                let command = rectify(&m, self.delegations(acting).await?)?;
                hazard_order("order_rectification", &m.hazard_id, command)
            }
            Wire::Reinspect(m) => hazard_order("reinspect", &m.hazard_id, self.reinspect(&m, acting).await?),
            Wire::DetermineMajor(m) => {
                let command = hazard::Command::DetermineMajor {
                    elements: field::list("determine_major.elements", &m.elements, field::text)?,
                    panel: field::list("determine_major.panel", &m.panel, field::text)?,
                };
                hazard_order("determine_major", &m.hazard_id, command)
            }
            Wire::ServeMajorNotice(m) => {
                let command = hazard::Command::ServeMajorNotice {
                    document: field::text("serve_major_notice.document", &m.document)?,
                    period: field::parse("serve_major_notice.period", &m.period)?,
                };
                hazard_order("serve_major_notice", &m.hazard_id, command)
            }
            Wire::ReportToGovernment(m) => {
                let government = field::parse("report_to_government.government", &m.government)?;
                let command = hazard::Command::ReportToGovernment { government };
                hazard_order("report_to_government", &m.hazard_id, command)
            }
            Wire::ListForSupervision(m) => {
                let command = hazard::Command::ListForSupervision {
                    leader: field::text("list_for_supervision.leader", &m.leader)?,
                    until: field::date("list_for_supervision.until", &m.until)?,
                    by: None,
                };
                hazard_order("list_for_supervision", &m.hazard_id, command)
            }
            Wire::Delist(m) => {
                let consent = field::text("delist.consent", &m.consent)?;
                hazard_order("delist", &m.hazard_id, hazard::Command::Delist { consent })
            }
            Wire::CloseCase(m) => hazard_order("close_case", &m.hazard_id, hazard::Command::Close),
        }
    }

    async fn inspect(&self, m: &wire::Inspect) -> Result<hazard::Command, Status> {
        Ok(hazard::Command::Inspect {
            officers: self.officers("inspect.certificates", &m.certificates).await?,
            delegation: self.delegation("inspect.delegation_id", &m.delegation_id).await?,
            item: field::optional("inspect.item", &m.item)?,
            findings: field::list("inspect.findings", &m.findings, field::text)?,
        })
    }

    async fn reinspect(&self, m: &wire::Reinspect, acting: &Department) -> Result<hazard::Command, Status> {
        Ok(hazard::Command::Reinspect {
            officers: self.officers("reinspect.certificates", &m.certificates).await?,
            outcome: field::parse("reinspect.result", &m.result)?,
            on_application: m.on_application,
            delegations: self.delegations(acting).await?,
        })
    }

    /// The certificates as this department knows them now; an unknown number is the caller's mistake.
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

    async fn delegation(&self, name: &str, id: &str) -> Result<Option<Delegation>, Status> {
        let Some(id) = field::optional::<Id>(name, id)? else {
            return Ok(None);
        };
        let mut query = self.register().await?;
        let known =
            view::delegation(&mut query, id.as_str()).await.map_err(|error| status::of_database(&error))?;
        known.map(Some).ok_or_else(|| field::invalid(name, format_args!("no delegation {id} is known")))
    }

    /// The register with everything that this log knows: what came or was withdrawn a moment ago counts.
    async fn register(&self) -> Result<ViewRead, Status> {
        let head = self.0.log().head().await.map_err(|error| status::of_log(&error))?;
        self.0.query("authority", head.position).await.map_err(|error| match error.code() {
            Code::DeadlineExceeded => Status::unavailable("the register is behind its log; try again"),
            _ => error,
        })
    }

    /// What a department has been delegated.
    async fn delegations(&self, to: &Department) -> Result<Vec<Delegation>, Status> {
        let mut query = self.register().await?;
        view::delegations(&mut query, to).await.map_err(|error| status::of_database(&error))
    }
}

fn report_order(name: &str, id: &str, command: report::Command) -> Result<Order, Status> {
    let id = field::parse::<ReportId>(&format!("{name}.report_id"), id)?;
    Ok(Order::of::<Report>(id.as_str(), command))
}

fn hazard_order(name: &str, id: &str, command: hazard::Command) -> Result<Order, Status> {
    let id = field::parse::<HazardId>(&format!("{name}.hazard_id"), id)?;
    Ok(Order::of::<Hazard>(id.as_str(), command))
}

fn receive(m: &wire::ReceiveReport) -> Result<report::Command, Status> {
    Ok(report::Command::Receive {
        reporter_ref: field::parse::<ReporterRef>("receive_report.reporter_ref", &m.reporter_ref)?.into(),
        channel: field::parse("receive_report.channel", &m.channel)?,
        real_name: m.real_name,
        insider: m.insider,
        premises: field::text("receive_report.premises", &m.premises)?,
        area: field::parse::<AreaCode>("receive_report.area", &m.area)?,
        category: field::parse("receive_report.category", &m.category)?,
    })
}

fn open(m: &wire::OpenCase) -> Result<hazard::Command, Status> {
    Ok(hazard::Command::Open {
        premises: field::text("open_case.premises", &m.premises)?,
        area: field::parse::<AreaCode>("open_case.area", &m.area)?,
        unit: field::parse::<Uscc>("open_case.unit", &m.unit)?,
        category: field::parse("open_case.category", &m.category)?,
        report: field::optional("open_case.report_id", &m.report_id)?,
        reporter_ref: field::optional::<ReporterRef>("open_case.reporter_ref", &m.reporter_ref)?
            .map(Id::from),
    })
}

fn rectify(m: &wire::OrderRectification, delegations: Vec<Delegation>) -> Result<hazard::Command, Status> {
    Ok(hazard::Command::OrderRectification {
        document: field::text("order_rectification.document", &m.document)?,
        items: field::list("order_rectification.items", &m.items, field::text)?,
        period: field::parse::<Period>("order_rectification.period", &m.period)?,
        delegations,
    })
}

fn encode(row: view::HazardRow) -> wire::Hazard {
    wire::Hazard {
        due: row.due_last_day.zip(row.due_at).map(|(last_day, at)| {
            chassis::due(&law::Due {
                at,
                last_day,
                rolled: row.due_rolled,
                provisional: row.due_provisional,
                calendar: row.due_calendar.unwrap_or_default(),
            })
        }),
        hazard_id: row.hazard_id,
        case_id: row.case_id.unwrap_or_default(),
        premises: row.premises,
        area: row.area,
        unit: row.unit,
        category: row.category,
        state: row.state,
        version: row.version.cast_unsigned(),
    }
}
