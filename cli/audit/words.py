"""What a verification says, in English and Chinese."""

from collections.abc import Mapping
from typing import Any

from cli.audit.report import UNSIGNED, Check, Fault, Report
from cli.words import word

HOLDS = {True: ("holds", "成立"), False: ("DOES NOT HOLD", "不成立"), None: ("not checked", "未核验")}

CHECKS: dict[str, tuple[str, str]] = {
    "entries": ("entries", "记录"),
    "checkpoint": ("checkpoint", "检查点"),
    "signature": ("signature", "签名"),
    "rubrics": ("rubrics", "细则"),
    "rulings": ("rulings", "解读"),
    "gate": ("gate", "准入"),
    "standing": ("standing", "结果"),
    "closings": ("closings", "结项"),
}

SAID: dict[str, tuple[str, str]] = {
    "entries": (
        "{number}, each at its position, each naming the digest of the one before",
        "{number}，位置连续，逐条指明前一条的摘要",
    ),
    "checkpoint": ("they are the {size} that the checkpoint speaks of", "与检查点所述 {size} 条相同"),
    "signature": ("signed by {origin}", "由 {origin} 签署"),
    "rubrics": (
        "{rubrics}: digests are right, files equal what the entries carry",
        "{rubrics} 份：摘要无误，与记录所载一致",
    ),
    "rulings": ("{rulings}: the file equals what the entries rule", "{rulings} 项：文件与记录一致"),
    "gate": ("every entry passes the gate as it did", "每条记录再次通过准入"),
    "standing": (
        "scored anew, it is the one claimed: as of {as_of}, known at {known_at}, rubric version {rubric}",
        "重新计分，与所称一致：截至 {as_of}，已知至 {known_at}，细则第 {rubric} 版",
    ),
    "closings": (
        "{closings}: digests are those of the standings scored anew",
        "{closings} 项：摘要与重新计分的结果一致",
    ),
}

REMARKS: dict[str, tuple[str, str]] = {
    "not-pinned": (
        "NOT PINNED: it is the key that the bundle itself brings, {key}; get the ledger's another way, and give --key",
        "未指定公钥：所用公钥 {key} 由包自带，制包者可自行伪造；请另行取得台账公钥，以 --key 指定",
    ),
}

LEFT_OUT: dict[str, tuple[str, str]] = {
    "not-asked": ("left out, as asked", "按要求略过"),
    "unsigned": (
        "NOT SIGNED: there is no checkpoint, so nobody vouches for these entries",
        "未签署：包内没有检查点，无人为这些记录作保",
    ),
    "unsound": ("the entries do not allow it", "记录有误，无法核验"),
}

SHOWN = 5
"""Faults of one check that fit on a screen beside those of the others."""
ONE_MISSING = ("entry {first} is missing", "缺少记录 {first}")
FAULTS: dict[str, tuple[str, str]] = {
    "no-entry": ("line {position} is no entry", "第 {position} 行不是记录"),
    "broken": (
        "entry {position} does not name the digest of entry {before} as it stands here: one of the two was changed",
        "记录 {position} 所指前一条的摘要与此处的记录 {before} 不符：两条之一被改动",
    ),
    "missing": ("entries {first} to {last} are missing", "缺少记录 {first} 至 {last}"),
    "out-of-order": ("entry {position} stands behind entry {before}", "记录 {position} 排在记录 {before} 之后"),
    "other-assessment": ("entry {position} is of {assessment}", "记录 {position} 属于 {assessment}"),
    "count": ("the manifest says {said}, and here stand {entries}", "清单称 {said} 条，此处为 {entries} 条"),
    "cut-short": (
        "{signed} were signed, and here stand {entries}: some were dropped",
        "共 {entries} 条记录，签署时为 {signed} 条：有记录被删去",
    ),
    "added": (
        "{signed} were signed, and here stand {entries}: what stands behind entry {signed} was added",
        "共 {entries} 条记录，签署时为 {signed} 条：记录 {signed} 之后的为添加",
    ),
    "root": (
        "the root over the first {signed} entries is not the checkpoint's: an entry, or the checkpoint, was changed",
        "前 {signed} 条记录的根与检查点不符：记录或检查点被改动",
    ),
    "unsigned": ("the checkpoint is missing, and somebody should have signed it", "缺少应有签署的检查点"),
    "no-checkpoint": ("the checkpoint cannot be read: {reason}", "检查点无法读取：{reason}"),
    "no-key": ("the ledger's key cannot be read: {reason}", "台账公钥无法读取：{reason}"),
    "other-ledger": (
        "the checkpoint is of another ledger, {origin}, not of {wanted}",
        "检查点属于另一台账 {origin}，而非 {wanted}",
    ),
    "other-key": (
        "the bundle names another key, {key}, that the pinned one did not hand over to",
        "包内公钥 {key} 并非指定公钥，也未由其移交",
    ),
    "not-signed": ("{reason}", "检查点的签名不成立：{reason}"),
    "not-witnessed": ("the witness {witness} has not signed", "见证方 {witness} 未签署"),
    "rubric-digest": (
        "the rubric of entry {position} has another digest than it says",
        "记录 {position} 所载细则与其摘要不符",
    ),
    "no-rubric-file": ("the rubric of entry {position} has no file", "缺少记录 {position} 所载细则的文件"),
    "rubric-file": (
        "rubrics/{position}.yaml differs from what entry {position} carries, first in line {line}",
        "rubrics/{position}.yaml 与记录 {position} 所载不同，始于第 {line} 行",
    ),
    "rubric-of-none": ("rubrics/{position}.yaml is of no entry", "rubrics/{position}.yaml 无对应记录"),
    "ruling": (
        "the ruling on {finding} at position {position} is not what the entries say",
        "位置 {position} 对 {finding} 的解读与记录不符",
    ),
    "no-rulings": ("rulings.json is not the list of rulings", "rulings.json 不是解读清单"),
    "refused": (
        "the gate would refuse entry {position}: {refusal}: {reason}",
        "准入将拒绝记录 {position}：{refusal}：{reason}",
    ),
    "twice": ("entry {position} is the same as entry {first}", "记录 {position} 与记录 {first} 相同"),
    "not-as-stored": (
        "entry {position} is not written as the ledger would have stored it",
        "记录 {position} 的写法与台账存储不同",
    ),
    "no-answer": ("these entries have no such standing: {reason}", "记录中没有这样的结果：{reason}"),
    "standing-differs": (
        "standing.json, of {size} bytes, is not the standing that these entries have",
        "standing.json（{size} 字节）并非这些记录的结果",
    ),
    "no-standing": ("standing.json is no standing", "standing.json 不是结果"),
    "unit-added": ("{unit} is no unit of the standing", "结果中没有单位 {unit}"),
    "unit-missing": ("{unit} is missing", "缺少单位 {unit}"),
    "unit-twice": ("a unit is there twice", "有单位重复"),
    "differs": (
        "{where}{member} is claimed to be {claimed}, and is {found}",
        "{where}{member} 所称为 {claimed}，应为 {found}",
    ),
    "closing": (
        "the closing at position {position} names {claimed}; scored anew its standing is {found}",
        "位置 {position} 的结项所指为 {claimed}，重新计分为 {found}",
    ),
}


def told(fault: Fault, language: str) -> str:
    """Say a fault in one sentence without its full stop."""
    where = " ".join(str(fault.named[part]) for part in ("unit", "indicator") if part in fault.named)
    words = FAULTS[fault.code]
    if fault.code == "missing" and fault.named["first"] == fault.named["last"]:
        words = ONE_MISSING
    return shown(_in(language, words).format(**fault.named, where=f"{where}: " if where else ""))


def said(check: Check, language: str) -> list[str]:
    """Say all that there is to say of a check, a line each."""
    if check.faults:
        lines = [told(fault, language) for fault in check.faults[:SHOWN]]
        more = len(check.faults) - len(lines) + check.more
        return lines + ([_in(language, ("and {0} more", "另有 {0} 处")).format(more)] if more else [])
    if check.left_out:
        return [_in(language, LEFT_OUT[check.left_out])]
    lines = [_in(language, SAID[check.name]), *(_in(language, REMARKS[code]) for code in check.remarks)]
    number = {"number": word("entries", language, check.said["entries"])} if "entries" in check.said else {}
    return [shown(line.format(**check.said, **number)) for line in lines]


def named(check: Check, language: str) -> tuple[str, str]:
    """Name a check, and say whether it holds."""
    return _in(language, CHECKS[check.name]), _in(language, HOLDS[check.holds])


def verdict(report: Report, language: str) -> str:
    """Say the whole in one line."""
    if not report.holds:
        return _in(language, ("The bundle does NOT hold.", "包内有不成立之处。"))
    if any(check.left_out == UNSIGNED for check in report.checks):
        return _in(language, ("It agrees with itself, and NOBODY HAS SIGNED it.", "包内自相一致，但无人签署。"))
    if any("not-pinned" in check.remarks for check in report.checks):
        words = "It holds, by the key that it brings ITSELF.", "以包内自带公钥核验，一切成立。"
        return _in(language, words)
    return _in(language, ("The bundle holds.", "包内一切成立。"))


def heading(manifest: Mapping[str, Any], language: str) -> str:
    """Say which bundle this is."""
    at = manifest["coordinate"]
    words = (
        "{0} · {1} · as of {2} · known at {3} · rubric version {4}",
        "{0} · {1} · 截至 {2} · 已知至 {3} · 细则第 {4} 版",
    )
    number = word("entries", language, manifest["entries"])
    parts = manifest["assessment"], number, at["as_of"], at["known_at"], at["rubric"]
    readings = " · ".join(f"{finding}={reading}" for finding, reading in at["readings"].items())
    return shown(_in(language, words).format(*parts) + (f" · {readings}" if readings else ""))


def shown(text: str) -> str:
    """Give a text that may be anybody's as a terminal may be sent it."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def _in(language: str, words: tuple[str, str]) -> str:
    return words[language == "zh"]
