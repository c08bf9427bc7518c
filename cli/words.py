"""The words of the tables and traces, in English and Chinese."""

WORDS: dict[str, tuple[str, str]] = {
    "as-of": ("as of", "截至"),
    "known-at": ("known at", "已知至"),
    "rules": ("read by", "解读"),
    "rubric": ("rubric {0} version {1}", "细则 {0} 第 {1} 版"),
    "rank": ("rank", "名次"),
    "unit": ("unit", "单位"),
    "name": ("name", "名称"),
    "total": ("total", "总分"),
    "attainable": ("attainable", "可得"),
    "indicator": ("indicator", "指标"),
    "points": ("points", "得分"),
    "max": ("max", "满分"),
    "state": ("state", "状态"),
    "absorbed": ("absorbed", "封顶未计"),
    "provisional": ("provisional", "暂计"),
    "flags": ("flags", "数据提示"),
    "findings": ("open findings that can move a rank", "可能影响名次的待解读事项"),
    "clause": ("clause", "条款"),
    "entry": ("entry", "记录"),
    "unused": ("not used", "未采用"),
    "excluded": ("left out under {0}={1}", "按 {0}={1} 不计入"),
    "bears": ("findings that bear on it", "相关待解读事项"),
    "ruled": ("ruled", "已解读"),
    "of": ("of", "／"),
    "moves": ("can move", "可影响"),
    "none": ("nothing", "无"),
    "default": ("the default", "默认"),
    "open": ("open", "未定"),
    "frozen": ("frozen", "冻结"),
    "closed": ("closed", "已结"),
    "restated": ("restated", "已重述"),
    "close-disputed": ("close disputed", "结果存疑"),
    "scored": ("scored", "已计分"),
    "pending": ("pending", "待报送"),
    "conflict": ("conflict", "数据冲突"),
    "not-applicable": ("not applicable", "不适用"),
    "determined": ("determined", "已认定"),
    "restated-figure": ("restated figure", "数据重报"),
    "self-reported": ("self-reported", "自报"),
    "shared-evidence": ("shared evidence", "佐证重复使用"),
    "silent-period": ("silent period", "逾期未报"),
    "appeal-open": ("appeal open", "申诉未决"),
    "unplaced": ("unplaced", "现行细则无对应"),
}
"""By code: English, Chinese."""


def word(code: str, language: str, *parts: object) -> str:
    """Give a word in `zh` or `en`; a code that has none stands for itself."""
    english, chinese = WORDS.get(code, (code, code))
    return (chinese if language == "zh" else english).format(*parts)
