//! The words of the published language that stand for something a reader knows by another name.

use decider::Lang;

/// The word in a message, Chinese; the English reader is served by the word itself.
const WORDS: &[(&str, &str)] = &[
    // levels of accidents and tiers of government
    ("general", "一般"),
    ("larger", "较大"),
    ("major", "重大"),
    ("extreme", "特别重大"),
    ("unit", "事故单位"),
    ("county", "县级"),
    ("city", "市级"),
    ("province", "省级"),
    ("national", "国家消防救援局"),
    ("state", "国务院"),
    ("state council", "国务院"),
    // tracks of an investigation
    ("cause", "火灾事故认定"),
    ("government", "政府事故调查"),
    // channels and categories of reports
    ("hotline-12350", "12350 举报电话"),
    ("hotline-12345", "12345 政务热线"),
    ("hotline-96119", "96119 举报电话"),
    ("snapshot", "随手拍"),
    ("patrol", "巡查"),
    ("petition", "信访"),
    ("exit-blocked", "堵塞安全出口"),
    ("evacuation-obstructed", "占用疏散通道"),
    ("facility-shutdown", "擅自停用消防设施"),
    ("flammable-storage", "违规存放易燃物"),
    // results
    ("corrected", "已改正"),
    ("partly-corrected", "部分改正"),
    ("not-corrected", "未改正"),
    ("reduced", "减少罚款"),
    ("revoked", "撤销"),
    ("partly-revoked", "部分撤销"),
    ("upheld", "维持"),
    ("redetermine", "责令重新认定"),
    ("filed", "立案"),
    ("not-filed", "不予立案"),
    ("received", "已提出"),
    ("waived", "放弃"),
    ("lapsed", "逾期未提"),
    ("expired", "期满"),
    ("suspended", "中止"),
    ("term-ended", "期限届满"),
    ("not-upheld", "未获维持"),
    // delegation
    ("entrusted", "委托"),
    ("assigned", "赋权"),
    // crimes, and what indicates one
    ("134a", "危险作业罪（刑法 134 之一）"),
    ("139", "消防责任事故罪（刑法 139）"),
    ("115", "失火罪（刑法 115）"),
    ("major-determined", "已判定重大火灾隐患"),
    ("order-served", "整改通知已送达"),
    ("order-expired", "整改期限已届满"),
    ("not-executed", "拒不执行"),
    ("seal-broken", "擅自拆封"),
    ("deaths", "死亡人数"),
    ("serious-injuries", "重伤人数"),
    ("loss", "经济损失"),
    ("households", "受灾户数"),
    // grounds and rules
    ("major-accident", "发生重大以上事故"),
    ("two-larger-accidents", "十二个月内发生两起较大以上事故"),
    ("endangered-fire-safety", "危害消防安全"),
    ("basis-revoked", "处罚依据已撤销"),
    ("not-a-party", "不是当事人"),
    ("late", "逾期提出"),
    ("already-reviewed", "已经复核"),
    ("suit-accepted", "法院已受理"),
    ("simple-procedure", "适用简易程序"),
    ("anonymous", "匿名举报"),
    ("not-first", "不是最先举报"),
    ("not-confirmed", "举报不属实"),
    ("known-before", "事先已掌握"),
    ("staff", "有监管职责的人员"),
    ("self-made", "自行制造隐患"),
    ("share-of-fine", "按罚款比例"),
    ("local-table", "按地方标准"),
    // clocks: why they stand still or fell away
    ("fire.national", "国家消防救援局"),
    ("appraisal", "鉴定"),
    ("again", "重新起算"),
    ("superseded", "上级政府提级调查"),
    ("review-decided", "复核已作出结论"),
    ("taken-in", "公安机关已接收"),
    // duties that a clock watches
    ("verify", "核查举报"),
    ("serve-order", "送达责令改正通知书"),
    ("reinspect", "复查"),
    ("serve-major-notice", "送达重大火灾隐患整改通知书"),
    ("defend", "陈述申辩"),
    ("defence", "陈述申辩"),
    ("decide", "作出决定"),
    ("pay", "缴纳罚款"),
    ("publish", "公开"),
    ("withdraw-publication", "撤回公开信息"),
    ("withdraw", "撤回公开信息"),
    ("regularise", "补办批准手续"),
    ("serve", "送达"),
    ("term", "期限"),
    ("unit-report", "单位报告事故"),
    ("county-report", "县级报告事故"),
    ("city-report", "市级报告事故"),
    ("province-report", "省级报告事故"),
    ("declare-loss", "申报损失"),
    ("determine", "作出火灾事故认定"),
    ("file", "立卷"),
    ("answer-review", "答复复核申请"),
    ("return-file", "退回案卷"),
    ("decide-review", "作出复核结论"),
    ("report", "提交事故调查报告"),
    ("reply", "批复事故调查报告"),
    ("evaluate", "评估整改落实情况"),
    ("send", "移送公安机关"),
    ("answer", "公安机关答复"),
    ("answer-objection", "答复复议"),
    ("hand-over", "移交涉案物品和材料"),
    ("claim", "领取奖金"),
    ("notify", "通知领奖"),
];

/// How a word is read; the word itself where nobody has another name for it.
pub(super) fn word(text: &str, lang: Lang) -> Option<String> {
    let (known, zh) = WORDS.iter().find(|(known, _)| *known == text)?;
    Some(match lang {
        Lang::Zh => (*zh).to_owned(),
        Lang::En => english(known),
    })
}

fn english(word: &str) -> String {
    match word {
        "134a" | "139" | "115" => format!("Criminal Law {word}"),
        other => other.replace('-', " "),
    }
}
