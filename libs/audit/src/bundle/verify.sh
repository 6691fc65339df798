#!/usr/bin/env bash
# 核验案件审计包 / Verifies the audit bundle of a case.
#
#   bash verify.sh [--key VKEY]... [--quorum N] [--complete] [DIR]
#
# --key VKEY   公钥（名称+编号+密钥）或其文件，由审计人员另行取得；可多次给出，须包括每个日志的公钥
#              a public key (NAME+ID+KEY), or a file of them, that came by another way; one for every log at least
# --quorum N   至少须有多少个见证人联署 / how many witnesses must have cosigned at least
# --complete   没有附全部审计叶则不通过 / fail where the bundle does not carry all leaves of its logs
# DIR          审计包所在文件夹，默认为本脚本所在处 / where the bundle is; beside this script by default
#
# Needs bash 4.4, OpenSSL 3.0, xxd, base64, and no other program. Formats: RFC 6962, RFC 9162, RFC 8785, C2SP
# signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof. Writes no file. Ends with 0 if everything holds, else 1.
# A damaged script must not end well: whatever ends it early ends with 1, in two ways, so that one flipped bit cannot
# make a success of a failure.
verdict=open
trap 'test $verdict = holds; exit $?' EXIT
# Not "set -u", of which one flipped bit makes "exit after one command".
shopt -so nounset
export LC_ALL=C
unset CDPATH GLOBIGNORE
shopt -s nullglob dotglob globstar

fail() { # where, 中文, English
    printf '核验未通过：%s：%s / FAILED: %s: %s\n' "$1" "$2" "$1" "$3"
    false
    exit
}

note() { printf '  %s\n  %s\n' "$1" "$2"; }

step() { printf '%s / %s\n' "$1" "$2"; }

# ---- what was asked for

here=${BASH_SOURCE[0]%/*}
[[ $here == "${BASH_SOURCE[0]}" ]] && here=.
folder=$here wanted=0 complete=0 given=()
while (($#)); do
    case $1 in
    --key)
        [[ $# -ge 2 ]] || fail "$1" "缺少公钥" "a key is wanted"
        if [[ -f $2 ]]; then mapfile -t lines <"$2"; else lines=("$2"); fi
        for line in "${lines[@]}"; do [[ -n $line ]] && given+=("$line"); done
        shift 2
        ;;
    --quorum)
        [[ ${2-} =~ ^[0-9]{1,3}$ ]] || fail "$1" "须为数目" "a number is wanted"
        wanted=$((10#$2))
        shift 2
        ;;
    --complete) complete=1 && shift ;;
    -*) fail "$1" "没有此选项" "there is no such option" ;;
    *) folder=$1 && shift ;;
    esac
done
cd -- "$folder" || fail "$folder" "无法打开" "cannot be opened"

# For the same reason the script is looked at here and again below, by two pieces of code that share nothing.
if [[ -f manifest && -f verify.sh ]]; then
    itself=$(openssl dgst -sha256 -r verify.sh)
    if [[ $(<manifest) == *$'\n'"${itself%% *} "*" verify.sh" ]]; then :; else
        printf '核验未通过：%s：%s / FAILED: %s: %s\n' verify.sh "内容与清单的哈希不符" verify.sh "the content is not what the manifest says"
        false
        exit
    fi
fi

# ---- bytes and hashes

# The content of a file in $content; a file with a NUL is cut there.
content() { IFS= read -rd '' content <"$1" || :; }

# What each of the given commands prints, hashed: colon-separated bytes in the array $hashes.
batch=200
hash_each() {
    hashes=()
    local first=1 part command out line
    while ((first <= $#)); do
        part=''
        for command in "${@:first:batch}"; do part+=" <($command)"; done
        out=$(eval "openssl dgst -sha256 -c $part") || fail openssl "无法计算哈希" "cannot hash"
        while IFS= read -r line; do hashes+=("${line##*= }"); done <<<"$out"
        ((first += batch))
    done
    ((${#hashes[@]} == $#)) || fail openssl "哈希数目不符" "answers too few hashes"
}

leaf_command() { command="printf '\\0'; printf %s \"\${$1[$2]}\""; }

declare -A node
# Hashes the inner nodes over the pairs "left right" that are not known yet, into $node.
hash_nodes() {
    local pair commands=() pairs=() index
    declare -A asked=()
    for pair; do
        [[ -n ${node[$pair]-} || -n ${asked[$pair]-} ]] && continue
        asked[$pair]=1
        pairs+=("$pair")
        commands+=("printf '\\x01\\x${pair//[: ]/\\x}'")
    done
    ((${#pairs[@]})) || return 0
    hash_each "${commands[@]}"
    for index in "${!pairs[@]}"; do node[${pairs[index]}]=${hashes[index]}; done
}

declare -A known64
alphabet=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/
# A hash in base64, to colon-separated bytes in $unbased; empty where it is none.
unbase() {
    unbased=''
    [[ $1 =~ ^[A-Za-z0-9+/]{43}=$ ]] || return 0
    unbased=${known64[$1]-}
    [[ -z $unbased ]] || return 0
    local index before bits=0 have=0 byte
    for ((index = 0; index < 43; index++)); do
        before=${alphabet%%"${1:index:1}"*}
        ((bits = (bits << 6 | ${#before}) & 0xffff, have += 6))
        if ((have >= 8)); then
            ((have -= 8))
            printf -v byte %02x $((bits >> have & 255))
            unbased+=:$byte
        fi
    done
    if ((bits & 3)); then unbased=''; else unbased=${unbased#:}; fi
    known64[$1]=$unbased
}

hex_of() { # base64, to hexadecimal in $hex
    hex=$(base64 -d <<<"$1" 2>&- | xxd -p)
    hex=${hex//$'\n'/}
}

escaped() { # hexadecimal, to what printf makes bytes of
    local index
    escapes=''
    for ((index = 0; index < ${#1}; index += 2)); do escapes+="\\x${1:index:2}"; done
}

# ---- 1. the files are those of the manifest

[[ -f manifest && ! -L manifest ]] || fail manifest "不存在" "is missing"
content manifest
[[ $content == *$'\n' ]] || fail manifest "残缺" "is cut"
mapfile -t lines <manifest
[[ ${lines[0]} == "fenghuo audit bundle v1" ]] || fail manifest "不是审计包的清单" "is no manifest of a bundle"
declare -A listed=([manifest]='') folders=()
names=() digests=() sizes=() last=''
for line in "${lines[@]:1}"; do
    [[ $line =~ ^([0-9a-f]{64})\ (0|[1-9][0-9]{0,11})\ ([a-z0-9][A-Za-z0-9._/-]*)$ ]] || fail manifest "有一行无法读取" "has a line that cannot be read"
    name=${BASH_REMATCH[3]}
    [[ /$name/ == */./* || /$name/ == */../* || /$name/ == *//* ]] && fail manifest "文件名不安全" "has an unsafe name"
    [[ $name > $last ]] || fail manifest "文件未按次序" "is not in order"
    last=$name names+=("$name") digests+=("${BASH_REMATCH[1]}") sizes+=("${BASH_REMATCH[2]}")
    listed[$name]=${BASH_REMATCH[1]}
    while [[ $name == */* ]]; do name=${name%/*} && folders[$name]=1; done
done
((${#names[@]})) || fail manifest "是空的" "is empty"
for name in "${names[@]}"; do [[ -f $name ]] || fail "$name" "文件不存在" "the file is missing"; done
for name in **; do
    [[ -L $name ]] && fail "$name" "是符号链接" "is a symbolic link"
    [[ -n ${listed[$name]+1} && -f $name || -n ${folders[$name]+1} && -d $name ]] || fail "$name" "不在清单中" "is not in the manifest"
done
for ((at = 0; at < ${#names[@]}; at += batch)); do
    out=$(openssl dgst -sha256 -r "${names[@]:at:batch}") || fail openssl "无法计算哈希" "cannot hash"
    index=$at
    while read -r digest _; do
        [[ $digest == "${digests[index]}" ]] || fail "${names[index]}" "内容与清单的哈希不符" "the content is not what the manifest says"
        ((index += 1))
    done <<<"$out"
    ((index == at + batch || index == ${#names[@]})) || fail openssl "哈希数目不符" "answers too few hashes"
done
for index in "${!names[@]}"; do
    content "${names[index]}"
    length=${#content}
    if ((length != sizes[index])); then
        hex=$(xxd -p "${names[index]}")
        hex=${hex//$'\n'/} && length=$((${#hex} / 2))
    fi
    ((length == sizes[index])) || fail "${names[index]}" "长度与清单不符" "the size is not what the manifest says"
done
step "文件：${#names[@]} 个，与清单相符" "files: ${#names[@]}, as the manifest says"

# ---- 2. what the bundle says it is

[[ -n ${listed[case]-} && -n ${listed[report.html]-} && -n ${listed[verify.sh]-} ]] || fail manifest "缺少必要的文件" "lacks a file"
mapfile -t lines <case
[[ ${lines[0]-} =~ ^case\ ([a-z0-9][a-z0-9.-]{0,63})$ ]] || fail case "没有案件编号" "names no case"
case_id=${BASH_REMATCH[1]}
[[ ${lines[1]-} == maker\ ?* ]] || fail case "没有制作程序" "does not say who made it"
logs=() said=()
for line in "${lines[@]:2}"; do
    [[ $line =~ ^log\ ([a-z][a-z0-9_]{0,62})\ ([0-9]{1,9})\ ([^ ]+)$ ]] || fail case "有一行无法读取" "has a line that cannot be read"
    logs+=("${BASH_REMATCH[1]}") said+=("${BASH_REMATCH[2]} ${BASH_REMATCH[3]}")
done
declare -A is_log=() positions=() tokens=()
for name in "${logs[@]}"; do
    [[ -z ${is_log[$name]-} ]] || fail case "日志重复" "names a log twice"
    is_log[$name]=1
done
for name in "${names[@]}"; do
    case $name in
    case | report.html | verify.sh) ;;
    logs/*)
        [[ $name =~ ^logs/([a-z0-9_]+)/(.+)$ && -n ${is_log[${BASH_REMATCH[1]}]-} ]] || fail "$name" "属于审计包未列出的日志" "is of a log that the bundle does not name"
        log=${BASH_REMATCH[1]} file=${BASH_REMATCH[2]}
        if [[ $file =~ ^events/([1-9][0-9]{0,15})\.(data|meta|leaf|tlog-proof)$ ]]; then
            [[ ${BASH_REMATCH[2]} == leaf ]] && positions[$log]+=" ${BASH_REMATCH[1]}"
            for part in data meta leaf tlog-proof; do
                [[ -n ${listed[logs/$log/events/${BASH_REMATCH[1]}.$part]-} ]] || fail "logs/$log/events/${BASH_REMATCH[1]}.$part" "文件不存在" "the file is missing"
            done
        elif [[ $file == tokens/* ]]; then
            tokens[$log]=1
        else
            [[ $file =~ ^(checkpoint(\.body)?|keys|leaves|witnesses|cosigned-[0-9a-f]{8})$ ]] || fail "$name" "不属于审计包" "does not belong into a bundle"
        fi
        ;;
    *) fail "$name" "不属于审计包" "does not belong into a bundle" ;;
    esac
done

# ---- 3. who signed which root

# A verifier key into $key_name, $key_id, $key_type and $key (hexadecimal).
read_key() {
    local place=$1 text=$2
    [[ $text =~ ^([^ +]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$ ]] || fail "$place" "不是公钥" "is no public key"
    key_name=${BASH_REMATCH[1]} key_id=${BASH_REMATCH[2]}
    hex_of "${BASH_REMATCH[3]}"
    [[ $hex =~ ^(0[14])([0-9a-f]{64})$ ]] || fail "$place" "不是 Ed25519 公钥" "is no Ed25519 key"
    key_type=${BASH_REMATCH[1]} key=${BASH_REMATCH[2]}
    escaped "$hex"
    hash_each "printf '%s\\n$escapes' \"\$key_name\""
    hashes[0]=${hashes[0]//:/}
    [[ ${hashes[0]:0:8} == "$key_id" ]] || fail "$place" "公钥编号不符" "the id is not that of the key"
}

# Whether a signature (hexadecimal) by $key over a file is right.
signed() {
    local file=$1 pem
    escaped "$2"
    pem=$(xxd -r -p <<<"302a300506032b6570032100$key" | base64)
    openssl pkeyutl -verify -pubin -rawin -in "$file" -sigfile <(printf "$escapes") -inkey <(printf '%s\n' '-----BEGIN PUBLIC KEY-----' "$pem" '-----END PUBLIC KEY-----') >&- 2>&-
}

# The signatures under the checkpoint in the name of $key_name with $key_id, in $own.
own_lines() {
    local line
    own=()
    for line in "${signatures[@]}"; do
        [[ $line == "— $key_name "* ]] || continue
        hex_of "${line##* }"
        [[ ${hex:0:8} == "$key_id" ]] && own+=("${hex:8}")
    done
}

declare -A origin size root whole is_given=()
for text in ${given[@]+"${given[@]}"}; do
    read_key --key "$text"
    is_given[$text]=$key_type
done
witnesses_given=0
for text in ${given[@]+"${given[@]}"}; do [[ ${is_given[$text]} == 04 ]] && witnesses_given=1; done

check_head() {
    local log=$1 at=logs/$1 text body own_keys signers=0 cosigners=0 quorum=0 signature time
    [[ -n ${listed[$at/checkpoint]-} && -n ${listed[$at/checkpoint.body]-} && -n ${listed[$at/keys]-} ]] || fail "$at" "缺少检查点或公钥" "lacks checkpoint or keys"
    content "$at/checkpoint"
    body=${content%$'\n\n'*}$'\n'
    [[ $content == *$'\n\n'*$'\n' ]] || fail "$at/checkpoint" "不是签名文件" "is no signed note"
    mapfile -t signatures <<<"${content##*$'\n\n'}"
    unset 'signatures[-1]'
    for line in "${signatures[@]}"; do
        [[ $line =~ ^—\ [^\ +]+\ [A-Za-z0-9+/]+=?=?$ ]] || fail "$at/checkpoint" "签名行无法读取" "has a signature line that cannot be read"
    done
    content "$at/checkpoint.body"
    [[ $content == "$body" ]] || fail "$at/checkpoint.body" "不是检查点的正文" "is not the text of the checkpoint"
    mapfile -t lines <<<"$body"
    origin[$log]=${lines[0]} size[$log]=${lines[1]-}
    [[ ${size[$log]} =~ ^[1-9][0-9]{0,15}$ ]] || fail "$at/checkpoint" "没有事件数" "has no size"
    unbase "${lines[2]-}"
    [[ -n $unbased ]] || fail "$at/checkpoint" "没有树根" "has no root"
    root[$log]=$unbased
    mapfile -t own_keys <"$at/keys"
    for text in "${own_keys[@]}"; do
        read_key "$at/keys" "$text"
        [[ $key_type == 01 && $key_name == "${origin[$log]}" ]] || fail "$at/keys" "不是该日志的公钥" "has a key of another log"
        own_lines
        ((${#own[@]})) || continue
        for signature in "${own[@]}"; do
            signed "$at/checkpoint.body" "$signature" || fail "$at/checkpoint" "签名不成立（$key_name，$key_id）" "the signature of $key_name ($key_id) does not verify"
        done
        ((${#given[@]} == 0)) && signers=1
        [[ -n ${is_given[$text]-} ]] && signers=1
    done
    if ((!signers)); then
        ((${#given[@]})) && fail "$at/checkpoint" "签名者不在给出的公钥之列" "no key that was given has signed it"
        fail "$at/checkpoint" "该日志没有签名" "the log has not signed it"
    fi
    lines=()
    [[ -n ${listed[$at/witnesses]-} ]] && mapfile -t lines <"$at/witnesses"
    if ((${#lines[@]})); then
        [[ ${lines[0]} =~ ^quorum\ ([0-9]{1,3})$ ]] || fail "$at/witnesses" "没有见证人数" "has no quorum"
        quorum=$((10#${BASH_REMATCH[1]}))
    fi
    ((quorum < wanted)) && quorum=$wanted
    for text in "${lines[@]:1}"; do
        read_key "$at/witnesses" "$text"
        [[ $key_type == 04 ]] || fail "$at/witnesses" "不是见证人的公钥" "has a key that is no witness's"
        own_lines
        ((${#own[@]})) || continue
        for signature in "${own[@]}"; do
            ((${#signature} == 144)) || fail "$at/checkpoint" "联署长度不符（$key_name）" "the cosignature of $key_name has a wrong length"
            [[ -n ${listed[$at/cosigned-$key_id]-} ]] || fail "$at/cosigned-$key_id" "文件不存在" "the file is missing"
            time=$((16#${signature:0:16}))
            content "$at/cosigned-$key_id"
            [[ $content == "cosignature/v1"$'\n'"time $time"$'\n'"$body" ]] || fail "$at/cosigned-$key_id" "不是联署的内容" "is not what was cosigned"
            signed "$at/cosigned-$key_id" "${signature:16}" || fail "$at/checkpoint" "联署不成立（$key_name）" "the cosignature of $key_name does not verify"
        done
        ((witnesses_given)) && [[ -z ${is_given[$text]-} ]] && continue
        ((cosigners += 1))
    done
    ((cosigners >= quorum)) || fail "$at/checkpoint" "须有 $quorum 个见证人联署，只有 $cosigners 个" "$cosigners of $quorum witnesses needed have cosigned"
    step "检查点 $log：${origin[$log]}，${size[$log]} 个事件，见证 $cosigners" "checkpoint of $log: ${origin[$log]}, ${size[$log]} events, $cosigners witnesses"
}

for log in "${logs[@]}"; do check_head "$log"; done
for text in ${given[@]+"${given[@]}"}; do
    [[ ${is_given[$text]} == 04 ]] && continue
    is_there=0
    for log in "${logs[@]}"; do [[ ${origin[$log]} == "${text%%+*}" ]] && is_there=1; done
    ((is_there)) || fail "${text%%+*}" "给出了公钥，但审计包没有这个日志" "a key was given, and the bundle has no such log"
done

# ---- 4. events are what their leaves say

string='"(([^"\\]|\\.)*)"'
statement='^\{"actor":'$string',"attachments":\[[^]]*\](,"case":'$string')?(,"cause":\{("leaf":"[0-9a-f]{64}",)?"origin":'$string',"position":([0-9]+)\})?,"data_sha256":"([0-9a-f]{64})","department":'$string',"event_id":"[0-9a-f-]{36}","meta_sha256":"([0-9a-f]{64})","occurred_at":"[^"]+","origin":'$string',"recorded_at":"[^"]+","revision":[0-9]+,"salt":"[0-9a-f]{32}","schema":'$string',"stream":'$string',"type":'$string',"v":1\}$'
leaf=() place=() leaf_log=() leaf_position=() leaf_hash=() loose=()
declare -A event_at=()
for index in "${!logs[@]}"; do
    log=${logs[index]}
    read -ra found <<<"${positions[$log]-}"
    [[ ${said[index]} == "${#found[@]} ${origin[$log]}" ]] || fail case "日志 $log 的事件数或名称不符" "events or name of log $log are not as they are"
    for position in ${found[@]+"${found[@]}"}; do
        at=logs/$log/events/$position
        content "$at.leaf"
        [[ $content =~ $statement ]] || fail "$at.leaf" "不是审计叶" "is no leaf"
        field=("${BASH_REMATCH[@]}")
        [[ ${field[4]} == "$case_id" ]] || fail "$at.leaf" "不属于本案" "is not of this case"
        [[ ${field[15]} == "${origin[$log]}" ]] || fail "$at.leaf" "不属于该日志" "is of another log"
        [[ ${field[11]} == "${listed[$at.data]}" ]] || fail "$at.data" "内容不是所封存的" "the content is not what was sealed"
        [[ ${field[14]} == "${listed[$at.meta]}" ]] || fail "$at.meta" "内容不是所封存的" "the content is not what was sealed"
        [[ ${field[8]} =~ ^[a-z][a-z0-9_./-]*$ ]] && loose+=("${field[8]} ${field[10]}")
        leaf+=("$content") place+=("$at") leaf_log+=("$log") leaf_position+=("$position")
        event_at["$log $position"]=$((${#leaf[@]} - 1))
        content "$at.meta"
        [[ $content == *'"department":"'"${field[12]}"'"'* && $content == *'"case_id":"'"$case_id"'"'* ]] || fail "$at.meta" "部门或案件与审计叶不符" "department or case is not that of the leaf"
    done
done
((${#leaf[@]})) || fail case "没有事件" "has no event"
commands=()
for index in "${!leaf[@]}"; do leaf_command leaf "$index" && commands+=("$command"); done
hash_each "${commands[@]}"
leaf_hash=("${hashes[@]}")
step "事件：${#leaf[@]} 个，与审计叶相符" "events: ${#leaf[@]}, as their leaves say"

# ---- 5. leaves are under the signed root (RFC 9162, section 2.1.3.2), all events a level at a time

paths=() now=("${leaf_hash[@]}") fn=() sn=()
for index in "${!leaf[@]}"; do
    log=${leaf_log[index]} at=${place[index]}.tlog-proof
    content "$at"
    proof=${content%%$'\n\n'*}
    content "logs/$log/checkpoint" && checkpoint=$content
    content "$at"
    [[ $content == "$proof"$'\n\n'"$checkpoint" ]] || fail "$at" "检查点不同" "has another checkpoint"
    mapfile -t lines <<<"$proof"
    [[ ${lines[0]} == c2sp.org/tlog-proof@v1 && ${lines[1]-} == "index $((leaf_position[index] - 1))" ]] || fail "$at" "不是该位置的证明" "is no proof of this position"
    ((leaf_position[index] <= size[$log])) || fail "$at" "位置不在检查点之内" "the position is beyond the checkpoint"
    fn+=($((leaf_position[index] - 1))) sn+=($((size[$log] - 1)))
    path=''
    for line in "${lines[@]:2}"; do
        unbase "$line"
        [[ -n $unbased ]] || fail "$at" "哈希无法读取" "has a hash that cannot be read"
        path+=" $unbased"
    done
    paths+=("${path# }")
done
rising=1
while ((rising)); do
    rising=0 pairs=() over=()
    for index in "${!leaf[@]}"; do
        [[ -n ${paths[index]} ]] || continue
        sibling=${paths[index]%% *} rising=1
        paths[index]=${paths[index]#"$sibling"} && paths[index]=${paths[index]# }
        ((sn[index])) || fail "${place[index]}.tlog-proof" "路径过长" "the path is too long"
        if ((fn[index] & 1 || fn[index] == sn[index])); then
            pair="$sibling ${now[index]}"
            while ((!(fn[index] & 1) && fn[index])); do ((fn[index] >>= 1, sn[index] >>= 1)) || :; done
        else
            pair="${now[index]} $sibling"
        fi
        ((fn[index] >>= 1, sn[index] >>= 1)) || :
        pairs+=("$pair") over+=("$index")
    done
    ((rising)) || break
    hash_nodes "${pairs[@]}"
    for index in "${!over[@]}"; do now[over[index]]=${node[${pairs[index]}]}; done
done
for index in "${!leaf[@]}"; do
    ((sn[index] == 0)) && [[ ${now[index]} == "${root[${leaf_log[index]}]}" ]] || fail "${place[index]}.tlog-proof" "路径不通向所签的树根" "the path does not lead to the signed root"
done
step "包含证明：${#leaf[@]} 条，通向所签的树根" "inclusion proofs: ${#leaf[@]}, up to the signed roots"

# ---- 6. no other leaf of these logs names the case

partial=0
check_leaves() {
    local log=$1 at=logs/$1/leaves index row commands=() pairs
    mapfile -t all <"$at"
    ((${#all[@]} == size[$log])) || fail "$at" "有 ${#all[@]} 个审计叶，所签为 ${size[$log]} 个" "has ${#all[@]} leaves, ${size[$log]} are signed"
    for index in "${!all[@]}"; do
        row=${event_at["$log $((index + 1))"]-}
        if [[ -n $row ]]; then
            [[ ${all[index]} == "${leaf[row]}" ]] || fail "${place[row]}.leaf" "与 $at 中的不同" "is not the one in $at"
        else
            # Within a string of JSON a quote is escaped, so that nothing but the field can be spelt like this.
            [[ ${all[index]} == *'"case":"'"$case_id"'"'* ]] && fail "$at" "位置 $((index + 1)) 属于本案，但审计包没有该事件" "position $((index + 1)) is of this case, and the bundle lacks the event"
        fi
        leaf_command all "$index" && commands+=("$command")
    done
    hash_each "${commands[@]}"
    row=("${hashes[@]}")
    while ((${#row[@]} > 1)); do
        pairs=()
        for ((index = 0; index + 1 < ${#row[@]}; index += 2)); do pairs+=("${row[index]} ${row[index + 1]}"); done
        hash_nodes "${pairs[@]}"
        hashes=()
        for index in "${!pairs[@]}"; do hashes+=("${node[${pairs[index]}]}"); done
        ((${#row[@]} % 2)) && hashes+=("${row[-1]}")
        row=("${hashes[@]}")
    done
    [[ ${row[0]} == "${root[$log]}" ]] || fail "$at" "不是所签树根之下的审计叶" "has leaves that are not those under the signed root"
    whole[$log]=1
    step "日志 $log：${#all[@]} 个审计叶，没有遗漏本案事件" "log $log: ${#all[@]} leaves, no event of the case is left out"
}

for log in "${logs[@]}"; do
    if [[ -n ${listed[logs/$log/leaves]-} ]]; then
        check_leaves "$log"
    else
        partial=1
        ((complete)) && fail "logs/$log/leaves" "没有附全部审计叶" "the leaves of the whole log are not in the bundle"
    fi
done

# ---- what remains to be said

if ((${#given[@]} == 0)); then
    note "注意：公钥来自审计包本身，只能证明前后一致；请用 --key 给出另行取得的公钥。" \
        "NOTE: the keys came with the bundle, which proves consistency only; give keys that came by another way with --key."
fi
if ((partial)); then
    note "注意：有日志没有附全部审计叶，看不出制作人是否遗漏本案事件。" \
        "NOTE: a log is not here with all its leaves, so nobody can see whether an event of the case was left out."
fi
declare -A away=()
for line in ${loose[@]+"${loose[@]}"}; do
    read -r from at <<<"$line"
    [[ -n ${event_at["$from $at"]-} || -n ${whole[$from]-} ]] || ((away[$from] += 1))
done
for from in "${!away[@]}"; do
    note "注意：${away[$from]} 个事件源于 $from 的事件，后者不在审计包中。" \
        "NOTE: events whose cause in $from is not in the bundle: ${away[$from]}."
done
for log in "${logs[@]}"; do
    [[ -n ${tokens[$log]-} ]] || continue
    note "注意：logs/$log/tokens 中的时间戳须用其签发机构的证书另行核验（openssl ts -verify）。" \
        "NOTE: the time tokens in logs/$log/tokens are verified with their authority's certificate (openssl ts -verify)."
done
verdict=holds
printf '核验通过：案件 %s，%d 个日志中的 %d 个事件 / VERIFIED: case %s, %d events in %d logs\n' "$case_id" "${#logs[@]}" "${#leaf[@]}" "$case_id" "${#leaf[@]}" "${#logs[@]}"
exit 0
