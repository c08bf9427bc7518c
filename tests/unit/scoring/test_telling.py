"""What an explanation tells a layman: what was counted, by which clause, what a cap cut, what was left out, what if."""

import re
from fractions import Fraction
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from services.scoring.domain import Book, Coordinate
from services.scoring.domain.telling import Teller
from shared.contracts.entries import Entry
from shared.rubric import load
from shared.rubric.model import Example
from shared.rubric.rubric import Rubric
from shared.rubric.trial import run
from tests.oracle import generate
from tests.services import ROOT
from tests.unit.scoring.test_book import award, entry, firms, inputs
from tests.unit.scoring.test_book import book_of as small_book
from tests.unit.scoring.test_oracle import book_of

Json = dict[str, Any]
FILES = [ROOT / "rubrics/binjiang-2020.yaml", *sorted((ROOT / "tests/unit/rubric/rubrics").glob("*.yaml"))]


@cache
def rubric_of(file: Path) -> Rubric:
    return load(file.read_text(encoding="utf-8"))


EXAMPLES = [(file, place) for file in FILES for place in range(len(rubric_of(file).examples))]


def entry_at(position: int) -> Entry:
    return entry(position, "IndicatorDetermined", {"reason": "会商"})


def told(rubric: Rubric, example: Example) -> list[Json]:
    teller = Teller(rubric, rubric.readings(example.readings), entry_at)
    return teller.tell(run(rubric, example))


def example(indicator: str, name: str) -> list[Json]:
    """What is told of one of the rubric's own examples."""
    rubric = rubric_of(FILES[0])
    return told(rubric, next(each for each in rubric.examples if (each.indicator, each.name) == (indicator, name)))


@pytest.mark.parametrize(
    ("file", "place"), EXAMPLES, ids=lambda each: each.stem if isinstance(each, Path) else str(each)
)
def test_every_example_of_every_rubric_is_told_whole(file: Path, place: int) -> None:
    """Given facts and their points, then whole sentences name every entry that counted, a clause, and the points."""
    rubric = rubric_of(file)
    given = rubric.examples[place]
    result = run(rubric, given)
    sentences = told(rubric, given)
    assert sentences
    for each in sentences:
        assert not re.search(r"[{}]", each["zh"] + each["en"])
        assert each["zh"].endswith("。")
        assert each["en"].endswith(".")
        assert each["en"][0] == each["en"][0].upper()
        assert not each["zh"].startswith(("：", "，"))
        assert (
            not re.search(r"^[:;]|[：，；。]", re.sub(r"\(.*?\)|“.*?”|\[.*?\]", "", each["en"]))
            or file.stem != "binjiang-2020"
        )
    zh, en = (" ".join(each[language] for each in sentences) for language in ("zh", "en"))
    for used in inputs(result.trace):
        assert f"记录 {used['position']}）" in zh
        assert f"entry {used['position']})" in en
    assert result.clause in zh
    assert result.clause in en
    points = result.points
    assert (
        str(float(points)).removesuffix(".0") if (points * 10**4).denominator == 1 else f"{float(points):.2f}"
    ) in zh
    cuts = re.findall(r"(?:截去|其余)([0-9.]+)分", zh)
    assert sum(map(Fraction, cuts), Fraction(0)) == result.absorbed


@pytest.mark.parametrize(
    ("indicator", "name", "fragments"),
    [
        (
            "C1",
            "突出",
            [
                "成效评定“突出”10分（区小微办（区领导小组办公室）评定，2020-12-31，记录",
                "：得10分〔附件2.细则.共性.1〕。",
            ],
        ),
        (
            "M1",
            "两项目标平均",
            ["新增小微企业5605家（区市监局报送，", "）：目标5900，完成95%；满分20分，按比例得19分〔"],
        ),
        (
            "M1",
            "两项目标平均",
            ["2430家", "目标2700，完成90%", "以上各部分（19、18）取平均，得18.5分〔附件2.细则.个性.区市监局.1〕。"],
        ),
        (
            "M1",
            "缺一项",
            ["尚未报送新增八大万亿产业小微企业，计0分", "暂计5分，最多可到15分〔附件2.细则.个性.区市监局.1〕。"],
        ),
        ("K2", "超额", ["812.5万元", "目标700，完成约116.07%，按100%计；满分25分，得25分"]),
        ("F1", "对比全省", ["全省各项贷款平均增速16%（", "对比值16，完成75%"]),
        ("F1", "恰为70%", ["完成率70%，没有落在70%的门槛之下，得17.5分"]),
        ("F1", "对比值不大于零", ["对比值-1不大于零，无法计算", "数据冲突：未认定前计0分，认定后最多25分。"]),
        (
            "F2",
            "两单位不一致",
            ["各数据提供单位不一致", "80%（人行杭州中心支行报送", "90%（浙江银保监局报送", "数据冲突："],
        ),
        ("F2", "仅一单位报送", ["尚待其他数据提供单位报送，暂计20分，最多可到25分"]),
        ("F2", "不到70%", ["完成率69.9%，未过70%的门槛，不得分〔附件2.细则.个性.区发改局.2〕。"]),
        (
            "C3",
            "半分不计",
            ["未计入：成效评定“一般”2.5分（", "因疑义A08按“档内整数”解读。", "尚未报送成效评定，暂计0分，最多可到10分"],
        ),
        ("T1", "通过", ["市税务局考评结论通过（市税务局报送，", "：按这种情形得50分〔附件2.细则.个性.区税务局.1〕。"]),
        ("T1", "无结论暂按惠及面", ["惠及面96%", "尚未报送市税务局考评结论，暂计48分，最多可到50分"]),
        ("T1", "未通过而惠及面100%", ["数据冲突：未认定前计0分，认定后最多50分。", "惠及面达到100%而考评未通过"]),
        ("B1", "无排名", ["没有报送，得0分〔附件2.细则.加分.任务完成情况〕。"]),
        ("B1", "各榜取最好", ["排名2名（综合，", "按分值表得4分", "未采用：杭州市系统内排名4名（专项，"]),
        (
            "B2",
            "限加5分",
            [
                "“创新试点”4分（甲试点，",
                "“再贷款再贴现配套措施”2分（乙措施，",
                "加分合计6分，以5分为限，截去1分，得5分〔",
            ],
        ),
        (
            "B2",
            "办法印发前不计",
            ["加分合计2分", "未计入：“创新试点”4分", "因疑义A31按“6月17日前的加分与扣分不计”解读。"],
        ),
        (
            "B3",
            "分项限额后总限额",
            [
                "未计入：“国家部委",
                "另有更高的一条计入",
                "此项合计6分，以5分为限，截去1分，计5分",
                "截去0.5分，得5分",
            ],
        ),
        (
            "D",
            "以5分起扣，一事取最高",
            ["“交办重大问题办理不力”0.5分（交办件，", "从5分起，共扣0.6分，得4.4分", "因疑义A24按"],
        ),
        ("D", "各条分别扣", ["从5分起，共扣0.9分，得4.1分"]),
        ("D", "扣完为止", ["扣分合计6分，最多扣5分，其余1分不再扣；从5分起，得0分〔附件2.细则.加分.督办工作〕。"]),
        ("D", "从零起扣", ["扣分合计6分，最多扣5分，其余1分不再扣；从0分起，得-5分"]),
        ("D", "不限", ["从0分起，共扣6分，得-6分"]),
    ],
)
def test_a_sentence_says_what_was_counted_from_which_entry_by_which_clause(
    indicator: str, name: str, fragments: list[str]
) -> None:
    """Given an example of each kind, pending, in conflict, capped, left out and read otherwise, then it is told so."""
    zh = "".join(each["zh"] for each in example(indicator, name))
    assert [each for each in fragments if each not in zh] == [], zh


def test_what_others_wrote_is_never_taken_for_a_place() -> None:
    """Given occasions that look like places of a sentence, then they stand there as they were written."""
    log = [award("pilot", "{points}{0}{cut}%s{}", "4"), award("pilot", "{facts}", "3"), firms("99")]
    for told_ in (small_book(*log).explain("hr", "B2")["told"], small_book(*log).explain("science", "K1")["told"]):
        assert told_
    (sentence,) = small_book(*log).explain("hr", "B2")["told"]
    assert "（{points}{0}{cut}%s{}，2020-06-30，记录 2）" in sentence["zh"]
    assert "({facts}, 2020-06-30, entry 3)" in sentence["en"]
    assert "截去2分，得5分" in sentence["zh"]


def test_an_award_before_the_first_day_that_counts_says_so() -> None:
    """Given a rubric that counts from a fixed day, then an earlier award is told with that reason."""
    text = generate.rubric_text().replace("{reading: A31, year: 2020-01-01, from-effect: 2020-06-17}", "2020-06-17")
    rubric = load(
        re.sub(
            r"(?ms)^  - id: A31\n.*?(?=^  - id: A32)", "", text.replace("readings: {A31: from-effect}", "readings: {}")
        )
    )
    given = next(each for each in rubric.examples if (each.indicator, each.name) == ("B2", "办法印发前不计"))
    zh = [each["zh"] for each in told(rubric, given)]
    assert any(each.startswith("未计入：“创新试点”4分") and each.endswith("发生在起算日之前。") for each in zh), zh


def test_english_counts_one_point_as_people_do() -> None:
    """Given a cap that cuts away one, then the sentence is plain English."""
    (sentence,) = example("B2", "限加5分")
    assert re.sub(r"entry \d+", "entry", sentence["en"]) == (
        "Pilot 4 (甲试点, 2020-12-31, entry); Measure beside relending and rediscount 2 (乙措施, 2020-12-31, entry): "
        "the awards come to 6 points; the limit of 5 cuts away 1, which leaves 5 [附件2.细则.加分.创新和重点工作]."
    )
    assert not [each for each in example("D", "各条分别扣") if "1 points" in each["en"]]


@cache
def year() -> Book:
    from cli.audit.sifted import Sifted  # noqa: PLC0415

    return Sifted(str(ROOT / "samples/binjiang-2020.jsonl")).book()


def test_a_determination_says_why_and_what_there_would_be_without_it() -> None:
    """Given determined points and one that does not apply, then the reason, and what they prevail over."""
    (first, *_) = year().explain("market", "D")["told"]
    assert first["zh"].startswith(
        "由考核机构认定为4.5分（2020-12-02，记录 1152，理由：合成数据 synthetic: 经会商认定）"
    )
    assert first["zh"].endswith("；若无认定，按下述计算为4分。")
    assert first["en"].startswith("Determined by the office as 4.5 points (2020-12-02, entry 1152, because: ")
    (first, *_) = year().explain("commerce", "C2")["told"]
    assert "不适用，计0分，也不计入可得分" in first["zh"]
    assert "若无认定，按下述计算为6分" in first["zh"]


@pytest.mark.parametrize("stray", [["x"], "x", {"reason": "another"}, {}])
def test_why_it_was_determined_is_told_whatever_else_the_entry_says(stray: Any) -> None:
    """Given a determination with a member that only corrections have, and a correction of it, then each says why."""
    said = {"indicator": "M2", "outcome": "points", "points": "4", "occurred": "2020-06-30", "reason": "agreed"}
    determined = {"kind": "IndicatorDetermined", "subject": "market", "data": {**said, "data": stray}}
    put_right = {"entry": {"source": "/x", "id": "e2"}, "data": {**said, "reason": "mended"}, "reason": "a slip"}
    corrected = {"kind": "EntryCorrected", "subject": "market", "data": put_right}
    (first, *_) = small_book(determined).explain("market", "M2")["told"]
    assert "because: agreed)" in first["en"]
    (first, *_) = small_book(determined, corrected).explain("market", "M2")["told"]
    assert "because: mended)" in first["en"]


@pytest.mark.parametrize("known_at", [1338, 700])
def test_each_reading_tells_what_the_score_would_be(known_at: int) -> None:
    """Given every finding that bears on an indicator, then its points under each reading are those asked for by it."""
    at = Coordinate(known_at=known_at)
    for unit in ("reform", "hr", "commerce"):
        for name, explained in year().explain(unit, None, at)["indicators"].items():
            for finding in explained["findings"]:
                assert finding["question"]
                assert sum(each["holds"] for each in finding["readings"]) == (1 if finding["readings"] else 0)
                for each in finding["readings"]:
                    other = Coordinate(known_at=known_at, readings={finding["id"]: each["reading"]})
                    card = year().scorecard(unit, other)
                    assert each["exact"] == card["indicators"][name]["exact"], (unit, name, finding["id"])
                    assert each["state"] == card["indicators"][name]["state"]
                    assert each["total"] == card["total"]
                    assert Fraction(each["exact"]) - Fraction(explained["exact"]) == Fraction(each["change"])


def cuts(node: Json) -> Fraction:
    return Fraction(node.get("absorbed", "0")) + sum((cuts(part) for part in node["parts"]), Fraction(0))


@pytest.mark.parametrize("seed", range(8))
def test_what_each_cap_cuts_away_adds_up_to_what_is_absorbed(seed: int) -> None:
    """Given any log, then over the nodes of a trace it is the indicator's `absorbed`, none where it was determined."""
    book = book_of(generate.ledger(Random(seed), 120))
    told_of = 0
    for unit in book.ledger.editions[-1].rubric.units:
        for name, each in book.explain(unit)["indicators"].items():
            if each["state"] in ("determined", "not-applicable"):
                assert each["absorbed"] == "0"
                continue
            assert cuts(each["trace"]) == Fraction(each["absorbed"]), (unit, name)
            assert all(sentence["zh"] and "{" not in sentence["zh"] + sentence["en"] for sentence in each["told"])
            told_of += each["absorbed"] != "0"
    assert told_of or seed


def test_the_same_coordinate_is_told_the_same_for_ever() -> None:
    """Given two books of one log, then the explanations are the same."""
    log = generate.ledger(Random(3), 60)
    assert book_of(log).explain("hr") == book_of(log).explain("hr")


@pytest.mark.parametrize("most", [1, 3])
def test_of_many_facts_some_are_listed_and_the_others_counted(most: int) -> None:
    """
    Given any logs, and at most so many facts of each step,
    then a node lists the first of those that count, then others, in their order, and counts the rest; all else of it,
    and what is not longer, is as in the whole.
    """
    cut = 0
    for book in (book_of(generate.ledger(Random(seed), 200)) for seed in range(4)):
        for unit in book.ledger.editions[-1].rubric.units:
            whole, short = book.explain(unit)["indicators"], book.explain(unit, most=most)["indicators"]
            assert short.keys() == whole.keys()
            for name, each in short.items():
                assert {**each, "trace": 0, "told": 0} == {**whole[name], "trace": 0, "told": 0}
                cut += shortened(each["trace"], whole[name]["trace"], most)
                left_out = named(whole[name]) - named(each)
                assert named(each) == named(whole[name]) & positions(each["trace"])
                counted = re.findall("另有([0-9]+)条", said(each))
                assert sum(map(int, counted)) == len(left_out)
    assert cut


def said(explained: Json) -> str:
    return "".join(sentence["zh"] for sentence in explained["told"])


def named(explained: Json) -> set[int]:
    return {int(position) for position in re.findall("记录 ([0-9]+)[，）]", said(explained))}


def positions(node: Json) -> set[int]:
    return {each["position"] for each in inputs(node)}


def shortened(node: Json, whole: Json, most: int) -> int:
    """How many facts a node and those below it leave out of the whole; asserts that they are as they should be."""
    bare = {"inputs": 0, "parts": 0, "more": 0}
    assert {**node, **bare} == {**whole, **bare}
    given, more = whole["inputs"], node.get("more", 0)
    by_use = sorted(range(len(given)), key=lambda place: (not given[place]["used"], place))
    assert node["inputs"] == [given[place] for place in sorted(by_use[:most])]
    assert more == max(len(given) - most, 0)
    return more + sum(shortened(*pair, most) for pair in zip(node["parts"], whole["parts"], strict=True))
