"""The sentences of a trace, in English and Chinese."""

from shared.contracts.numbers import Fraction, exact
from shared.rubric.outcome import Note

PHRASES: dict[str, tuple[str, str]] = {
    "": ("", ""),
    "missing": ("not yet reported: {0}", "尚未报送：{0}"),
    "differ": ("the providers differ on {0}: {1}", "数据提供单位对{0}的数据不一致：{1}"),
    "zero-base": ("{0} would divide by nothing", "{0}的除数不大于零"),
    "not-positive": ("the comparator {0} is not above 0", "对比值{0}不大于零"),
    "not-a-number": ("a word stands where a number is needed", "此处应为数值"),
    "proportion": ("{0} of {1}: {2} of {3} points", "{0}／{1}：得{3}分的{2}"),
    "proportion-held": ("{0} of {1}: {2}, held at {4}, of {3} points", "{0}／{1}：{2}，按{4}计，满分{3}分"),
    "unreported": ("nothing reported", "无报送"),
    "judged": ("judged {0}", "评定{0}分"),
    "table": ("{0}, by the table", "{0}，按表计分"),
    "bands": ("{0}, by the bands", "{0}，按档计分"),
    "steps": ("{0} against a base of {1}, from {2} points", "{0}，以{1}为基数，从{2}分起算"),
    "piecewise": ("{0}, on the line between standard values", "{0}，按标准值之间线性插值"),
    "sum": ("sum of the parts", "各部分之和"),
    "mean": ("mean of the parts", "各部分平均"),
    "weighted": ("weighted mean of the parts", "各部分加权平均"),
    "least": ("the lowest of the parts", "取各部分最低"),
    "greatest": ("the highest of the parts", "取各部分最高"),
    "all_or_nothing": ("only if every part is full", "各部分全部完成方可得分"),
    "limited": ("held, {0} before", "限值前为{0}分"),
    "within-limit": ("within the limits", "在限值之内"),
    "below-cliff": ("{0} is short of {1}: no points", "完成率{0}，未达{1}，不得分"),
    "above-cliff": ("{0} is not short of {1}", "完成率{0}，达到{1}"),
    "multiplied": ("{0} times {1}", "{0}乘以{1}"),
    "awards": ("awards of {1} points", "加分合计{1}分"),
    "deductions": ("{1} points deducted from {0}", "从{0}分中扣{1}分"),
    "awards-capped": ("awards of {1} points, capped at {2}", "加分合计{1}分，限{2}分"),
    "deductions-capped": ("{1} points, capped at {2}, deducted from {0}", "合计{1}分，限{2}分，从{0}分中扣除"),
    "capped": ("{0} points, capped at {1}", "合计{0}分，限{1}分"),
    "counted": ("{0} points", "合计{0}分"),
    "chosen": ("by the branch that applies", "按适用情形"),
    "chosen-open": ("by the branch that applies so far", "暂按目前适用的情形"),
    "no-veto": ("no veto", "未触发一票否决"),
    "veto-open": ("the veto cannot be told yet", "一票否决尚待确定"),
    "veto": ("vetoed", "触发一票否决"),
    "pending": ("stands until more is reported", "暂计，待补报"),
    "conflict": ("conflict: {0}", "数据冲突：{0}"),
    "not-applicable": ("not applicable: {0}", "不适用：{0}"),
    "determined": ("determined by the assessor", "由考核机构认定"),
    "determined-na": ("determined as not applicable", "由考核机构认定为不适用"),
    "tracked": ("tracked, not scored", "仅跟踪，不计分"),
    "rescaled": ("times {0}: others are not applicable", "因其他指标不适用，按{0}倍折算"),
    "peers-mean": ("the mean of the other units, as it is not applicable", "不适用，取其他单位平均分"),
    "zeroed": ("zeroed by a veto on {0}", "因{0}一票否决计零分"),
}
"""By code: English, Chinese; `{0}` and so on are the note's numbers and words."""


def number(value: Fraction) -> str:
    """Write a number as people do where a short decimal is exact, else as a fraction."""
    scaled = value * 10**4
    if scaled.denominator != 1:
        return exact(value)
    digits = str(abs(scaled.numerator)).rjust(5, "0")
    text = f"{digits[:-4]}.{digits[-4:]}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 else text


def sentences(note: Note) -> tuple[str, str]:
    """Write a note out in English and Chinese."""
    if not note:
        return "", ""
    code, *rest = note
    words = [number(part) if isinstance(part, Fraction) else part for part in rest] + ["", "", "", ""]
    english, chinese = PHRASES[str(code)]
    return english.format(*words).removesuffix(": "), chinese.format(*words).removesuffix("：")
