//! The name of a department as officials call it.

use decider::{Department, DepartmentKind, Lang};
use law::AreaLevel;

/// The name of a department given as `fire.330723`; the code itself if it is not one.
pub fn department(code: &str, lang: Lang) -> String {
    match code.parse::<Department>() {
        Ok(department) => name(&department, lang).to_owned(),
        Err(_) => code.to_owned(),
    }
}

fn name(department: &Department, lang: Lang) -> &'static str {
    let (zh, en) = match (department.kind, department.area.level()) {
        (DepartmentKind::Fire, AreaLevel::Province) => ("消防救援总队", "fire rescue corps"),
        (DepartmentKind::Fire, AreaLevel::City) => ("消防救援支队", "fire rescue detachment"),
        (DepartmentKind::Fire, AreaLevel::County) => ("消防救援大队", "fire rescue brigade"),
        (DepartmentKind::Fire, _) => ("消防救援站", "fire station"),
        (DepartmentKind::Government, AreaLevel::Province) => ("省人民政府", "provincial government"),
        (DepartmentKind::Government, AreaLevel::City) => ("市人民政府", "city government"),
        (DepartmentKind::Government, AreaLevel::County) => ("县级人民政府", "county government"),
        (DepartmentKind::Government, _) => ("人民政府", "government"),
        (kind @ DepartmentKind::Town, _) => (kind.zh(), "township"),
        (kind @ DepartmentKind::Police, _) => (kind.zh(), "police"),
        (kind @ DepartmentKind::Emergency, _) => (kind.zh(), "emergency management"),
        (kind @ DepartmentKind::Housing, _) => (kind.zh(), "housing"),
        (kind @ DepartmentKind::Market, _) => (kind.zh(), "market regulation"),
        (kind @ DepartmentKind::Procuratorate, _) => (kind.zh(), "procuratorate"),
        (kind @ DepartmentKind::Finance, _) => (kind.zh(), "finance"),
        (kind @ DepartmentKind::Reform, _) => (kind.zh(), "development and reform"),
        (kind @ DepartmentKind::Hotline, _) => (kind.zh(), "report hotline"),
    };
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
}
