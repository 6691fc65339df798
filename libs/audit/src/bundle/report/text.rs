//! What stands in every report, and how foreign text gets into it.

/// Text as text: nothing in it can open a tag, an attribute or an entity, or turn the line around.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for symbol in text.chars() {
        match symbol {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(symbol),
            // Marks of writing direction would show another order than what was sealed.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                safe.push('\u{fffd}')
            }
            _ if symbol.is_control() => safe.push('\u{fffd}'),
            _ => safe.push(symbol),
        }
    }
    safe
}

pub(super) const HEAD: &str = r#"<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
body { font-family: "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; margin: 2em; line-height: 1.5; color: #222 }
h1 span, h2 span, p span, li span, td span { color: #666; font-weight: normal; font-size: 85% }
table { border-collapse: collapse; font-size: 85% }
th, td { border: 1px solid #bbb; padding: .3em .5em; text-align: left; vertical-align: top }
th { background: #eee }
tr { break-inside: avoid }
.h, pre, code { font-family: monospace; word-break: break-all }
.h { min-width: 12em; font-size: 85% }
pre { white-space: pre-wrap; margin: .3em 0 }
</style>
"#;

pub(super) const VERIFYING: &str = r#"<h2>如何核验 <span>How to verify</span></h2>
<p>解压到空文件夹，用 bash、openssl、xxd、base64 即可，无需本系统：
<span>Extract into an empty folder; bash, openssl, xxd and base64 are enough:</span></p>
<pre>bash verify.sh --key 'NAME+ID+KEY' --key ...</pre>
<p>公钥须由日志所属部门另行提供（上表所列来自审计包本身），每个日志一个。本系统也可核验：
<span>Ask the departments for the public keys, one for each log; those above came with the bundle. Or with this system:</span></p>
<pre>fenghuo audit bundle verify FILE.zip --key 'NAME+ID+KEY' --key ...</pre>
"#;

pub(super) const LIMITS: &str = r#"<h2>证明什么，不证明什么 <span>What this proves, and what not</span></h2>
<ul>
<li>每个事件的内容，与日志在所签检查点中封存的逐字节相同；附有全部审计叶的日志，没有遗漏本案事件。
<span>The content of each event is, byte for byte, what its log sealed under the signed checkpoint. Where all leaves of
a log are here, no event of the case was left out.</span></li>
<li>没有附全部审计叶的日志，以及根本没有放入的日志，看不出遗漏。核验时给出全部日志的公钥，可发现缺少的日志。
<span>Of a log whose leaves are not here, or that is not here at all, nobody can see what was left out. Giving the keys
of all logs when verifying shows which log is missing.</span></li>
<li>本页文字由事件生成，只供阅读；所证明的是文件。审计包自带的核验脚本也应与另行取得的比对。
<span>This page is made of the events, for reading; what is proved are the files. Compare the script in the bundle with
one that came by another way.</span></li>
<li>检查点之后的事件、提交之前被扣下的事件，不在其中；日志密钥的持有人可以另写一部历史，须有另行保存的检查点或见证才能发现。
<span>Events after the checkpoint, or withheld before they were committed, are not here. Who holds a log's key can write
another history; only checkpoints kept elsewhere, or witnesses, show that.</span></li>
<li>审计叶证明日志在某时（按其时钟）记录了某事，不证明其为真；发生时间是当事方的陈述。
<span>A leaf proves that the log recorded something at a time by its own clock, not that it is true. When it happened is
a claim.</span></li>
</ul>
"#;
