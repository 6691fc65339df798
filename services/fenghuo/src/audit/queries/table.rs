//! Every query there is. A new one is a line here, and a function over acts or a fold over events.

use super::{
    authority,
    query::{Named, OfActs},
    review::MissingReview,
    segregation::Segregation,
    transfers::Transfers,
};

pub(super) const ALL: [Named; 7] = [
    Named {
        name: "outside-delegation",
        zh: "超出委托：无委托、未公布的委托，或者主体、事项、区域、名义不符，或者采取强制措施",
        en: "acts outside delegation: none, an unknown one, wrong unit, item, area or name, coercive measures",
        articles: "行政处罚法20、24；行政强制法17",
        make: || Box::new(OfActs(authority::outside_delegation)),
    },
    Named {
        name: "delegation-gap",
        zh: "委托收回、中止、期满之后，或者公布生效之前作出的行为",
        en: "acts after a delegation was revoked, suspended or expired, or before it was published",
        articles: "行政处罚法20、24",
        make: || Box::new(OfActs(authority::delegation_gap)),
    },
    Named {
        name: "expired-certificate",
        zh: "执法证未核发、过期、已收回或者不属于本单位",
        en: "certificates that were not issued, not valid, withdrawn, or bound to another unit",
        articles: "行政处罚法42；消防监督检查规定14；行政强制法18",
        make: || Box::new(OfActs(authority::expired_certificate)),
    },
    Named {
        name: "missing-second-officer",
        zh: "缺少第二名执法人员",
        en: "acts without a second officer",
        articles: "行政处罚法42；消防监督检查规定14；行政强制法18；火灾事故调查规定13、14；国令310号5",
        make: || Box::new(OfActs(authority::second_officer)),
    },
    Named {
        name: "missing-legal-review",
        zh: "应当法制审核而未审核、未通过，或者审核人员不具有该职责",
        en: "decisions without a passed legal review, and reviews by others than legal reviewers",
        articles: "行政处罚法58",
        make: || Box::<MissingReview>::default(),
    },
    Named {
        name: "segregation-of-duties",
        zh: "职责未分离：同一人调查又决定、提出又批准、两次审批奖励等",
        en: "one person investigates and decides, proposes and approves, gives both reward approvals, …",
        articles: "行政处罚法57、58、64；国令310号5",
        make: || Box::<Segregation>::default(),
    },
    Named {
        name: "unanswered-transfers",
        zh: "移送公安机关或者其他部门后，逾期答复或者至今无答复",
        en: "transfers to the police or other departments, answered late or not at all",
        articles: "国令310号8、9；消防监督检查规定18；火灾事故调查规定36、37；493号令32",
        make: || Box::<Transfers>::default(),
    },
];
