//! The Chinese texts of help, by command and argument. A test finds what is missing.

/// What a command does.
pub(super) fn about(path: &str) -> Option<&'static str> {
    find(ABOUT, |(known, _)| *known == path).map(|(_, text)| *text)
}

/// What an argument of a command means; arguments that several commands share stand under `*`.
pub(super) fn argument(path: &str, id: &str) -> Option<&'static str> {
    let own = find(ARGUMENTS, |(known, name, _)| *known == path && *name == id);
    own.or_else(|| find(ARGUMENTS, |(known, name, _)| *known == "*" && *name == id)).map(|(.., text)| *text)
}

fn find<T>(table: &'static [T], is_it: impl Fn(&&T) -> bool) -> Option<&'static T> {
    table.iter().find(is_it)
}

const ABOUT: &[(&str, &str)] = &[
    ("", "烽火：基层消防安全事件溯源案件管理"),
    ("dev", "在本机运行 PostgreSQL、nats-server 和全部服务"),
    ("demo", "播放一个真实火灾案件：从举报到奖励，跨五个部门"),
    ("play", "在开发系统上播放案例文件"),
    ("bench", "测量性能，并与同一次运行中的裸基线比较"),
    ("bench append", "追加事件对照裸插入：1 至 256 个客户端、批量、争用、读取流"),
    ("bench follow", "按序读完整个日志，对照同样字节的裸键集读取"),
    ("bench e2e", "从一个服务追加到另一个服务的视图，经总线"),
    ("bench rebuild", "由全部事件重建一个视图"),
    ("serve", "运行一个服务（部署方式）"),
    ("migrate", "把一个或全部服务的数据库结构更新到最新"),
    ("timeline", "打印案件的跨部门全过程；不给案件时列出案件"),
    ("log", "读取服务的日志"),
    ("log read", "按位置、按流或按案件打印事件"),
    ("log follow", "打印事件，并等待新的事件"),
    ("log verify-order", "核对位置与版本无缺口、时间只增不减"),
    ("view", "查看与重建视图"),
    ("view rebuild", "在现用视图旁重建一份，比较后切换"),
    ("view status", "显示各视图的进度和待处理事项"),
    ("law", "按法律规定计算"),
    ("law due", "计算法定期限届满日，并说明理由"),
    ("token", "为某部门人员或服务签发令牌"),
    ("keys", "签发与验证令牌的密钥"),
    ("keys generate", "生成 Ed25519 签名密钥及其公钥集"),
];

const ARGUMENTS: &[(&str, &str, &str)] = &[
    ("*", "help", "显示帮助"),
    ("play", "file", "案例文件"),
    ("play", "check", "只读取并检查文件"),
    ("*", "version", "显示版本"),
    ("*", "lang", "输出语言（默认依 LC_ALL、LC_MESSAGES、LANG）"),
    ("*", "json", "以 JSON 输出"),
    ("*", "service", "哪个服务：hazard、enforcement、investigation、credit、reward、timeline"),
    ("*", "data", "本机系统的数据文件夹（默认 ./.fenghuo，或 FENGHUO_ENDPOINTS 所指文件）"),
    ("*", "endpoint", "fenghuo dev --clock scripted 打印的开发地址，或各服务 名称=URL,名称=URL"),
    ("*", "token_file", "令牌文件；不给时用系统自己的开发密钥签发"),
    ("*", "database_url", "PostgreSQL 连接 URL；每个服务使用其中自己的模式（schema）"),
    ("*", "otlp_endpoint", "追踪与指标发往何处（OTLP gRPC）；不给则不发"),
    ("*", "allow_unverified", "允许使用规则包中状态为 M（未核实）的行，按编号"),
    ("dev", "data", "数据文件夹；再次启动从上次结束处继续"),
    ("dev", "database_url", "使用已有的 PostgreSQL，而不另行启动"),
    ("dev", "nats_url", "使用已有的 nats-server，而不另行启动"),
    ("dev", "clock", "用谁的时间：real 本机时钟；scripted 由开发接口拨动的脚本时钟"),
    ("dev", "listen_base", "从此端口起监听七个端口，而不用空闲端口"),
    ("demo", "keep", "播放后继续运行，直到 Ctrl-C"),
    ("serve", "nats_url", "NATS URL，服务器需要时含用户和口令"),
    ("serve", "listen", "gRPC 监听地址"),
    ("serve", "keys", "认可其令牌的公钥集文件（JWK Set，Ed25519）"),
    ("serve", "token_file", "本服务自己的令牌文件，向其他服务补取遗漏事件时出示"),
    ("serve", "peers", "其他服务的 gRPC 地址 名称=URL，用于补取总线丢失的事件"),
    ("serve", "department", "服务所属部门，如 fire.330723"),
    ("serve", "nats_replicas", "其流在 NATS 集群中的副本数：单机 1，生产 3"),
    ("serve", "migrate", "运行前先更新数据库结构"),
    ("migrate", "service", "服务名，或 all"),
    ("timeline", "case", "案件编号"),
    ("timeline", "public", "不列各部门只告知其存在的内部事项"),
    ("timeline", "as_of", "截至何时：2023-04-17、2023-04-17T14:04（北京时间）或 RFC 3339"),
    ("timeline", "known_to", "只看某方届时所知：部门（fire.330723）、部门类别（fire）或服务（hazard）"),
    ("timeline", "clock", "按哪个时钟排列和截止：happened 发生时间；recorded 记录时间"),
    ("log read", "from", "第一个位置（流则为版本）；0 表示开头，倒读时表示末尾"),
    ("log read", "limit", "最多多少个事件；0 表示全部"),
    ("log read", "backwards", "从新到旧"),
    ("*", "stream", "只看这个流，如 hazard:wuyi-1"),
    ("*", "case", "只看这个案件的事件"),
    ("log follow", "from", "第一个位置"),
    ("log follow", "limit", "读到多少个事件后结束；0 表示不结束"),
    ("log verify-order", "from", "第一个位置"),
    ("view rebuild", "view", "哪个视图"),
    ("view status", "service", "只看这个服务"),
    ("law due", "from", "事件的日期或时刻：2023-04-17、2023-04-17T14:04（北京时间）或 RFC 3339"),
    (
        "law due",
        "period",
        "期限：\"3 working days\"、\"30 calendar days\"、\"2 hours\"、\"6 months\"、3个工作日",
    ),
    ("law due", "role", "谁的期限：party 当事人，末日遇休息日顺延；agency 行政机关，从不顺延"),
    ("law due", "calendar", "答案必须出自的日历版本"),
    ("law due", "batch", "从标准输入读 起算<tab>期限<tab>角色，每行输出一个日期"),
    ("token", "department", "部门，如 fire.330723 或 town.330723103"),
    (
        "token",
        "roles",
        "在部门中的职责，可多次给出：clerk、grid、officer、legal、head、finance、auditor、operator",
    ),
    ("token", "id", "人员代号，绝不用姓名"),
    ("token", "kind", "谁出示：person 人员，service 服务"),
    ("token", "certificate", "执法证编号"),
    ("token", "ttl", "有效期：30m、1h、7d"),
    ("token", "data", "用哪个系统的开发密钥签发（其数据文件夹）"),
    ("token", "key", "签发用的私钥（PKCS#8 PEM）"),
    ("*", "rounds", "轮数，取各轮的中位数"),
    ("*", "seconds", "一次测量至少多少秒"),
    ("*", "events", "日志中的事件数"),
    ("bench e2e", "rate", "测量延迟时每秒的事件数"),
    ("keys generate", "out", "存放 signing.pem（私钥）和 keys.json（公钥）的文件夹"),
];
