//! What a message type is called. A test wants a title for every public message, and none for anything else.

use decider::Lang;

/// Message type below `fenghuo.`, Chinese, English.
pub(super) const TITLES: &[(&str, &str, &str)] = &[
    ("hazard.v1.ReportReceived", "受理举报", "report received"),
    ("hazard.v1.ReportRouted", "举报分办", "report routed"),
    ("hazard.v1.ReportVerified", "举报核查完毕", "report verified"),
    ("hazard.v1.CaseOpened", "隐患立案", "hazard case opened"),
    ("hazard.v1.Inspected", "监督检查", "inspected"),
    (
        "hazard.v1.RectificationOrdered",
        "责令限期改正",
        "rectification ordered",
    ),
    ("hazard.v1.Reinspected", "复查", "re-inspected"),
    (
        "hazard.v1.MajorHazardDetermined",
        "判定重大火灾隐患",
        "major hazard determined",
    ),
    (
        "hazard.v1.MajorHazardNoticeServed",
        "送达重大火灾隐患整改通知书",
        "major hazard notice served",
    ),
    (
        "hazard.v1.MajorHazardReported",
        "重大火灾隐患书面报告政府",
        "major hazard reported to government",
    ),
    (
        "hazard.v1.SupervisionListed",
        "挂牌督办",
        "listed for supervision",
    ),
    ("hazard.v1.SupervisionDelisted", "摘牌", "taken off supervision"),
    ("hazard.v1.CaseClosed", "隐患销号", "hazard case closed"),
    ("hazard.v1.DeadlineBreached", "逾期未办", "deadline breached"),
    (
        "enforcement.v1.DelegationInForce",
        "行政执法委托生效",
        "delegation in force",
    ),
    (
        "enforcement.v1.DelegationEnded",
        "行政执法委托终止",
        "delegation ended",
    ),
    (
        "enforcement.v1.OfficerCertified",
        "核发执法证件",
        "officer certified",
    ),
    (
        "enforcement.v1.CertificateWithdrawn",
        "执法证件失效",
        "certificate withdrawn",
    ),
    ("enforcement.v1.CaseFiled", "行政处罚立案", "penalty case filed"),
    (
        "enforcement.v1.PriorNoticeServed",
        "行政处罚告知",
        "prior notice of penalty served",
    ),
    ("enforcement.v1.DefenceHeard", "陈述申辩", "defence heard"),
    ("enforcement.v1.PenaltyDecided", "行政处罚决定", "penalty decided"),
    (
        "enforcement.v1.CaseDismissed",
        "不予处罚",
        "penalty case dismissed",
    ),
    (
        "enforcement.v1.PenaltyPublished",
        "公开处罚决定",
        "penalty published",
    ),
    (
        "enforcement.v1.PenaltyRevised",
        "处罚决定变更、撤销",
        "penalty revised",
    ),
    (
        "enforcement.v1.PublicationWithdrawn",
        "撤回处罚公开信息",
        "publication withdrawn",
    ),
    ("enforcement.v1.FinePaid", "缴纳罚款", "fine paid"),
    (
        "enforcement.v1.SealOrdered",
        "决定临时查封",
        "temporary seal ordered",
    ),
    ("enforcement.v1.SealBroken", "擅自拆封", "seal broken"),
    ("enforcement.v1.SealLifted", "解除临时查封", "seal lifted"),
    ("enforcement.v1.DeadlineBreached", "逾期未办", "deadline breached"),
    ("investigation.v1.AlarmRaised", "接警", "alarm raised"),
    (
        "investigation.v1.ReportDue",
        "应报告事故信息",
        "accident report due",
    ),
    ("investigation.v1.Reported", "报告事故信息", "accident reported"),
    (
        "investigation.v1.CasualtiesUpdated",
        "伤亡损失更新",
        "casualties and loss updated",
    ),
    (
        "investigation.v1.LevelDetermined",
        "确定事故等级",
        "accident level determined",
    ),
    (
        "investigation.v1.JurisdictionMoved",
        "管辖上移",
        "jurisdiction moved up",
    ),
    (
        "investigation.v1.FireExtinguished",
        "火灾扑灭",
        "fire extinguished",
    ),
    (
        "investigation.v1.LossDeclared",
        "申报火灾直接财产损失",
        "property loss declared",
    ),
    ("investigation.v1.SceneClosed", "封闭火灾现场", "scene closed"),
    ("investigation.v1.SceneReleased", "解除现场封闭", "scene released"),
    (
        "investigation.v1.AppraisalCommissioned",
        "委托鉴定，认定期限中止",
        "appraisal commissioned, clock stands still",
    ),
    (
        "investigation.v1.AppraisalReturned",
        "鉴定结束，认定期限恢复",
        "appraisal returned, clock goes on",
    ),
    (
        "investigation.v1.DeterminationExtended",
        "延长火灾事故认定期限",
        "cause determination extended",
    ),
    (
        "investigation.v1.PartiesHeard",
        "认定前听取当事人意见",
        "parties heard before determination",
    ),
    (
        "investigation.v1.DeterminationIssued",
        "火灾事故认定",
        "cause determined",
    ),
    (
        "investigation.v1.DeterminationServed",
        "送达火灾事故认定书",
        "cause determination served",
    ),
    ("investigation.v1.ReviewRequested", "申请复核", "review requested"),
    (
        "investigation.v1.ReviewAccepted",
        "受理复核申请",
        "review accepted",
    ),
    (
        "investigation.v1.ReviewRefused",
        "不予受理复核申请",
        "review not accepted",
    ),
    ("investigation.v1.ReviewDecided", "复核结论", "review decided"),
    (
        "investigation.v1.SuitAccepted",
        "法院受理诉讼",
        "suit accepted by court",
    ),
    (
        "investigation.v1.InquiryOpened",
        "事故调查组开展调查",
        "government inquiry opened",
    ),
    (
        "investigation.v1.InquiryExtended",
        "延长事故调查期限",
        "government inquiry extended",
    ),
    (
        "investigation.v1.InquiryAppraisalCommissioned",
        "事故调查委托鉴定，期限中止",
        "inquiry appraisal commissioned, clock stands still",
    ),
    (
        "investigation.v1.InquiryAppraisalReturned",
        "事故调查鉴定结束，期限恢复",
        "inquiry appraisal returned, clock goes on",
    ),
    (
        "investigation.v1.InquiryReported",
        "提交事故调查报告",
        "inquiry report submitted",
    ),
    (
        "investigation.v1.InquiryReplied",
        "政府批复事故调查报告",
        "government replied to inquiry report",
    ),
    (
        "investigation.v1.InquiryPublished",
        "公布事故调查报告",
        "inquiry report published",
    ),
    (
        "investigation.v1.InquiryEvaluated",
        "评估整改落实情况",
        "rectification evaluated",
    ),
    (
        "investigation.v1.InquirySuperseded",
        "上级政府提级调查",
        "inquiry taken over by higher government",
    ),
    (
        "investigation.v1.CrimeIndicated",
        "发现涉嫌犯罪",
        "crime indicated",
    ),
    (
        "investigation.v1.CriminalTeamAppointed",
        "指定移送专案组",
        "transfer team appointed",
    ),
    (
        "investigation.v1.CriminalTransferProposed",
        "提出移送报告",
        "criminal transfer proposed",
    ),
    (
        "investigation.v1.CriminalTransferApproved",
        "批准移送涉嫌犯罪案件",
        "criminal transfer approved",
    ),
    (
        "investigation.v1.CriminalTransferDeclined",
        "不批准移送",
        "criminal transfer declined",
    ),
    (
        "investigation.v1.CriminalTransferSent",
        "移送公安机关",
        "transferred to police",
    ),
    (
        "investigation.v1.CriminalTransferAnswered",
        "公安机关答复移送",
        "police answered transfer",
    ),
    (
        "investigation.v1.CriminalTransferObjected",
        "提请复议不予立案决定",
        "objected to refusal to file",
    ),
    (
        "investigation.v1.CriminalTransferHandedOver",
        "移交涉案物品和材料",
        "evidence handed over to police",
    ),
    (
        "investigation.v1.CriminalTransferClosed",
        "移送终结",
        "criminal transfer closed",
    ),
    (
        "investigation.v1.DeadlineBreached",
        "逾期未办",
        "deadline breached",
    ),
    (
        "credit.v1.ListingProposed",
        "拟列入严重失信主体名单",
        "listing proposed",
    ),
    (
        "credit.v1.ListingReviewed",
        "列入法制审核",
        "listing legally reviewed",
    ),
    (
        "credit.v1.PriorNoticeServed",
        "列入告知",
        "prior notice of listing served",
    ),
    (
        "credit.v1.DefenceHeard",
        "列入陈述申辩",
        "defence against listing heard",
    ),
    (
        "credit.v1.Listed",
        "列入严重失信主体名单",
        "listed as seriously untrustworthy",
    ),
    ("credit.v1.NotListed", "决定不予列入", "decided not to list"),
    ("credit.v1.ListingPublished", "公示列入信息", "listing published"),
    ("credit.v1.RemovedEarly", "提前移出名单", "removed early"),
    ("credit.v1.TermEnded", "期满移出名单", "listing term ended"),
    ("credit.v1.ListingWithdrawn", "撤销列入", "listing withdrawn"),
    (
        "credit.v1.ListingRestored",
        "撤销提前移出，恢复列入",
        "listing restored",
    ),
    (
        "credit.v1.ListingSuspended",
        "列入依据失效，停止执行",
        "listing without effect",
    ),
    ("credit.v1.DeadlineBreached", "逾期未办", "deadline breached"),
    ("reward.v1.ClaimOpened", "建立奖励申请", "reward claim opened"),
    ("reward.v1.ClaimExcluded", "不予奖励", "no reward"),
    (
        "reward.v1.AmountComputed",
        "核定奖励金额",
        "reward amount computed",
    ),
    ("reward.v1.AmountReduced", "核减奖励金额", "reward amount reduced"),
    (
        "reward.v1.BudgetAppropriated",
        "安排奖励预算",
        "reward budget appropriated",
    ),
    ("reward.v1.BudgetReserved", "预留奖励预算", "budget reserved"),
    (
        "reward.v1.ReservationRefused",
        "预算不足，排队等待",
        "budget short, claim queued",
    ),
    ("reward.v1.BudgetReleased", "解除预算预留", "reservation released"),
    ("reward.v1.BudgetPosted", "预算列支", "budget posted"),
    ("reward.v1.BudgetYearClosed", "预算年终结转", "budget year closed"),
    ("reward.v1.ClaimApproved", "批准奖励", "reward approved"),
    (
        "reward.v1.ClaimProved",
        "举报人领奖",
        "reporter claimed the reward",
    ),
    (
        "reward.v1.PaymentInstructed",
        "发出支付指令",
        "payment instructed",
    ),
    ("reward.v1.PaymentConfirmed", "奖金支付完毕", "reward paid"),
    ("reward.v1.PaymentFailed", "支付失败", "payment failed"),
    (
        "reward.v1.PaymentUnknown",
        "支付结果待查",
        "payment result unknown",
    ),
    ("reward.v1.ClaimLapsed", "逾期未领", "reward lapsed"),
    ("reward.v1.DeadlineBreached", "逾期未办", "deadline breached"),
    (
        "outside.v1.SupervisionOrdered",
        "政府决定挂牌督办",
        "supervision ordered by government",
    ),
    (
        "outside.v1.InquiryFormed",
        "成立事故调查组",
        "inquiry group formed",
    ),
    (
        "outside.v1.InquiryExtensionApproved",
        "批准延长事故调查期限",
        "inquiry extension approved",
    ),
    (
        "outside.v1.InquiryReportApproved",
        "批复事故调查报告",
        "inquiry report approved",
    ),
    ("outside.v1.TransferReceived", "接收移送", "transfer received"),
    (
        "outside.v1.TransferDecided",
        "立案审查决定",
        "decided whether to file",
    ),
    (
        "outside.v1.CoerciveMeasuresTaken",
        "采取刑事强制措施",
        "criminal coercive measures taken",
    ),
    (
        "outside.v1.AccidentReportReceived",
        "接收事故信息",
        "accident report received",
    ),
    ("outside.v1.PaymentSettled", "财政支付结果", "payment settled"),
];

/// The title of a message type, or of a private event; the type itself if this version does not know it.
pub fn title(kind: &str, lang: Lang) -> String {
    let name = kind.strip_prefix("fenghuo.").unwrap_or(kind);
    if let Some((_, event)) = name.split_once(".private.") {
        return match lang {
            Lang::Zh => format!("内部事项 {event}"),
            Lang::En => format!("internal step {event}"),
        };
    }
    match (TITLES.iter().find(|(known, ..)| *known == name), lang) {
        (Some((_, zh, _)), Lang::Zh) => (*zh).to_owned(),
        (Some((_, _, en)), Lang::En) => (*en).to_owned(),
        (None, _) => name.to_owned(),
    }
}
