"""The page: complete in itself, safe with whatever a server answered, and every shape on it."""

import json
import re
from collections.abc import Iterable
from html.parser import HTMLParser

import pytest

from opskit.report.html import numeric_columns, page, sections
from opskit.report.shapes import (
    Banner,
    Bar,
    Cell,
    Chart,
    Diff,
    Figure,
    Figures,
    Fold,
    Heading,
    Listing,
    Row,
    Sentence,
    Series,
    Shape,
    Span,
    Table,
    Timeline,
)

EVIL = """</script><script>alert("1")</script>'&<b>"""
SPANS = (Span(0, 90, "held", "warn"), Span(90, 90, "thaw", "good"))
VOID = {"meta", "br", "path"}


def chart(name: str) -> Chart:
    values = (Series(name, (0.003123456, None, 3.0)), Series("median", (0.002, 0.002, 0.002)))
    return Chart(name, -1, 2, (-1, 0, 1), values, SPANS, "s", logarithmic=True, summary=name)


def timeline(name: str) -> Timeline:
    bars = (Bar(0, 90, name, "bad", open_end=True, limit=30), Bar(91, 93, "2 s", "good"))
    rows = (Row(name, Cell(name, "bad"), name, f"{name}: {name}", bars, (0.0, 0.1, 1.0)),)
    return Timeline(name, -15, 160, SPANS, rows, (name, name, name))


def every_shape(text: str) -> list[Shape]:
    table = Table((text, "failed"), ((text, "1 of 2"), (Cell(text, "bad"), "2 of 2")), text)
    return [
        Banner(text, "bad", (Sentence(text, "good"),)),
        Figures((Figure(text, text, text, "bad"),)),
        Heading(text),
        Sentence(text, "warn"),
        table,
        Diff(f"-{text}\n+{text}"),
        timeline(text),
        chart(text),
        Listing(text),
        Fold(text, (Heading(text), table, Listing(text))),
    ]


class Reader(HTMLParser):
    """Collects what a browser would see; complains where a tag is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
        elif self.open and self.open[-1] != "style":
            self.text.append(data)


def test_whatever_a_text_holds_it_stays_text() -> None:
    plain, evil = Reader(page("x", every_shape("x"))), Reader(page(EVIL, every_shape(EVIL), EVIL))
    assert [tag for tag, _ in evil.tags if tag == "script"] == [tag for tag, _ in plain.tags if tag == "script"]
    assert not [tag for tag, _ in evil.tags if tag == "b" and tag not in {tag for tag, _ in plain.tags}]
    assert sum(EVIL in text for text in evil.text) > 15
    assert json.loads(evil.scripts[0])["series"][0]["name"] == EVIL


@pytest.mark.parametrize("shape", every_shape("told"), ids=lambda shape: type(shape).__name__)
def test_each_shape_is_shown(shape: Shape) -> None:
    assert "told" in " ".join(Reader(page("title", [shape])).text)


def test_the_page_fetches_nothing() -> None:
    text = page("title", every_shape("told"))
    for tag, attributes in Reader(text).tags:
        assert tag not in {"link", "img", "iframe", "object"}
        assert not {"src", "srcset", "action"} & attributes.keys()
        assert tag != "a" or str(attributes["href"]).startswith("#")
    assert "default-src 'none'" in text
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest", text)


def test_the_chart_library_comes_with_its_licence_and_only_where_there_is_a_chart() -> None:
    assert "uPlot" not in page("title", [Sentence("told")])
    charted = page("title", [Fold("more", ()), chart("told")])
    assert "uPlot" in charted
    assert "The MIT License" in charted


def test_a_marked_cell_has_a_symbol_beside_its_colour_and_tables_have_captions() -> None:
    reader = Reader(page("title", [Table(("verdict",), ((Cell("late", "bad"),), (Cell("kept", "good"),)), "Windows")]))
    assert {"✘", "✔", "Windows"} <= set(reader.text)


def test_light_dark_print_and_phone_are_provided_for() -> None:
    text = page("title", [])
    for media in ("prefers-color-scheme: dark", "@media print", "max-width: 760px", 'name="viewport"'):
        assert media in text


def test_a_chart_carries_no_more_digits_than_are_seen() -> None:
    data = json.loads(Reader(page("title", [chart("told")])).scripts[0])
    assert data["series"][0]["values"] == [0.003123, None, 3.0]
    assert (data["start"], data["end"], data["logarithmic"]) == (-1, 2, True)


def test_headings_part_the_page() -> None:
    parts = list(sections([Sentence("a"), Heading("One"), Sentence("b"), Heading("Two")]))
    assert [(part.title, len(part.shapes)) for part in parts] == [("", 1), ("One", 1), ("Two", 0)]
    assert len({part.anchor for part in parts}) == 3


@pytest.mark.parametrize(
    ("cells", "right"),
    [
        (("1 of 2", "1,200 of 3,000"), True),
        (("≥ 90 s", "2.6 s", "-"), True),
        (("± 0.2 s", "25 ms", ""), True),
        (("30 s", "no end"), False),
        (("192.0.2.31:9876",), False),
        (("4.8.0, keeps it",), False),
    ],
)
def test_columns_of_figures_are_aligned_to_the_right(cells: tuple[str, ...], right: bool) -> None:
    assert numeric_columns(Table(("c",), tuple((cell,) for cell in cells))) == ({0} if right else set())
