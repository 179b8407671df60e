"""Admin requests and answers, and JSON as fastjson writes it."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from opskit.onhost.frames import Frame, FrameError
from opskit.rocketmq import admin, fastjson

CASES = Path(__file__).parent.parent / "cases" / "admin"
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
)


@given(values)
def test_standard_json_is_left_as_it_is(value: object) -> None:
    text = json.dumps(value)
    assert fastjson.loads(text) == value
    assert json.loads(fastjson.quote_keys(text)) == value


@given(st.dictionaries(st.integers(), st.text(max_size=20), max_size=5))
def test_bare_keys_become_strings_whatever_the_values_hold(table: dict[int, str]) -> None:
    text = "{" + ",".join(f"{key} : {json.dumps(value)}" for key, value in table.items()) + "}"
    assert fastjson.loads(text) == {str(key): value for key, value in table.items()}


@given(st.text(alphabet='{}[]:,"\\01 at', max_size=60))
def test_any_text_is_json_or_a_value_error(text: str) -> None:
    try:
        fastjson.loads(text)
    except ValueError:
        return


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{0:"10.0.0.1:10911",1:"b"}', {"0": "10.0.0.1:10911", "1": "b"}),
        ('{"a":[{0:1},{-1:2}]}', {"a": [{"0": 1}, {"-1": 2}]}),
        ('{"text":"{1:2,3:4}",5:6}', {"text": "{1:2,3:4}", "5": 6}),
        ('{"quote":"\\"{1:","back\\\\":2,3:4}', {"quote": '"{1:', "back\\": 2, "3": 4}),
        ("{true:1,null:2,1.5:3}", {"true": 1, "null": 2, "1.5": 3}),
        ('{{"brokerName":"a","queueId":0}:{"offset":1}}', {'{"brokerName":"a","queueId":0}': {"offset": 1}}),
        ('{{"q":0}:{1:2},{"q":1}:[{3:4}]}', {'{"q":0}': {"1": 2}, '{"q":1}': [{"3": 4}]}),
        ('{"raw":"a\tb"}', {"raw": "a\tb"}),
    ],
)
def test_what_fastjson_writes_is_read(text: str, value: object) -> None:
    assert fastjson.loads(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{:1}",
        "{,:1}",
        '{"a":1:2}',
        "{a b:1}",
        '{"a',
        '{{{"a":1}:2}:3}',
        "[" * 100_000,
        '"' + '\\"' * 100_000,
        "{" * 50_000 + ":",
    ],
)
def test_what_is_no_json_is_a_value_error_and_quickly(text: str) -> None:
    with pytest.raises(ValueError):
        fastjson.loads(text)


def captured() -> list[dict[str, object]]:
    return [
        {"release": path.stem, **case}
        for path in sorted(CASES.glob("*.yml"))
        for case in yaml.safe_load(path.read_text())
    ]


@pytest.mark.parametrize("case", captured(), ids=lambda case: f"{case['release']} {case['request']}")
def test_captured_answers_read_as_they_should(case: dict[str, object]) -> None:
    """Bodies captured from real servers on loopback, shortened; `reads` is what of them opskit goes by."""
    name, *arguments = str(case["request"]).split()
    request = getattr(admin, name)(*arguments)
    answer = request.answer(
        Frame(code=int(str(case.get("code", 0))), body=str(case["body"]).encode(), remark=case.get("remark"))
    )
    for path, expected in dict(case["reads"]).items():  # type: ignore[call-overload]
        assert plain(lookup(answer, path.split("/"))) == expected


def plain(value: object) -> object:
    """As YAML can say it."""
    return sorted(value) if isinstance(value, frozenset) else list(value) if isinstance(value, tuple) else value


def lookup(value: object, path: list[str]) -> object:
    for step in path:
        if isinstance(value, dict):
            value = value[int(step) if step.isdecimal() and int(step) in value else step]
        elif isinstance(value, list | tuple):
            value = value[int(step)]
        else:
            value = getattr(value, step)
    return value


@pytest.mark.parametrize(
    ("request_", "code", "ext", "body"),
    [
        (admin.route("C1"), 105, {"topic": "C1", "acceptStandardJsonOnly": "true"}, b""),
        (admin.update_broker_config({"brokerPermission": "4"}), 25, {}, b"brokerPermission=4\n"),
        (admin.update_broker_config({"b": "x=y\\z", "a": "1"}), 25, {}, b"a=1\nb=x\\=y\\\\z\n"),
        (admin.create_topic("T", queues=4, order=True), 17, {
            "topic": "T", "defaultTopic": "TBW102", "readQueueNums": "4", "writeQueueNums": "4", "perm": "6",
            "topicFilterType": "SINGLE_TAG", "topicSysFlag": "0", "order": "true",
        }, b""),
        (admin.delete_topic_on_broker("T"), 215, {"topic": "T"}, b""),
        (admin.delete_topic_on_nameserver("T"), 216, {"topic": "T"}, b""),
        (admin.consumer_groups(), 201, {}, b""),
        (admin.producer_connections("g"), 204, {"producerGroup": "g"}, b""),
        (admin.consumer_connections("g"), 203, {"consumerGroup": "g"}, b""),
    ],
)  # fmt: skip
def test_requests_carry_what_rocketmq_expects(request_: admin.Request, code: int, ext: dict, body: bytes) -> None:
    assert (request_.code, request_.ext, request_.body) == (code, ext, body)


def test_a_refusal_carries_the_code_and_the_first_line_of_the_remark() -> None:
    with pytest.raises(admin.ServerError, match=r"^code 16: no permission$") as caught:
        admin.broker_config().answer(Frame(code=16, remark="no permission\nSee http://x"))
    assert (caught.value.code, caught.value.remark) == (16, "no permission")


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"table":{}}', b'{"table":{"commitLogMaxOffset":"x"}}', b"null", b"\xff"]
)
def test_an_answer_that_cannot_be_read_is_a_frame_error(body: bytes) -> None:
    with pytest.raises(FrameError, match="GET_BROKER_RUNTIME_INFO"):
        admin.broker_runtime().answer(Frame(code=0, body=body))
