"""Kafka as a sink, against a broker that speaks the protocol over TCP, goes away and comes back."""

import builtins
import json
from collections.abc import Iterator
from typing import Any

import pytest
from databases import Desk
from kafka_broker import Broker, broker
from pydantic import SecretStr

from campaigns.events.kinds import BY_NAME
from database.announced import Worker, code, everything
from database.sealed import Evidence
from dialer.settings import Settings
from dialer.sinks import SinkMissing
from dialer.sinks.kafka import KafkaSink, options

TOPIC = "dialer.events"


@pytest.fixture(scope="module")
def kafka() -> Iterator[Broker]:
    with broker() as one:
        yield one


def test_events_come_by_person_in_order_also_after_the_broker_was_away(kafka: Broker, sqlite: Desk) -> None:
    of = Evidence(sqlite)
    sink = KafkaSink(Settings(kafka_servers=kafka.address), patience=3)
    worker = Worker(of, sink, batch=20)  # type: ignore[arg-type]
    worker.all_of_it()
    of.happen(2)
    worker.all_of_it()
    kafka.goes_away()
    of.later(seconds=1)
    of.happen(2)
    for _ in range(3):
        assert not worker.step()
        of.later(minutes=20)
    up = worker.metrics.registry.get_sample_value
    assert up("dialer_sink_up", {"sink": "kafka"}) == 0
    assert sink._producer is None, "what is not told is kept in the ledger and nowhere else"
    kafka.comes_back()
    worker.all_of_it()
    worker.all_of_it()
    assert up("dialer_sink_up", {"sink": "kafka"}) == 1
    sqlite.portal.call(sink.aclose)
    expected = everything(of)
    told = [message for message in kafka.messages(TOPIC, len(expected)) if _said(message)["tenant"] == code(of)]
    first = {_said(message)["id"]: message for message in reversed(told)}
    assert first.keys() == {event.id for event in expected}
    for event in expected:
        message = first[event.id]
        assert (message.key(), dict(message.headers())["event-id"]) == (event.key.encode(), event.id.encode())
        assert _said(message) == json.loads(event.model_dump_json())
    for key in {event.key for event in expected}:
        mine = list(dict.fromkeys(_said(message)["id"] for message in told if message.key() == key.encode()))
        assert mine == [event.id for event in expected if event.key == key]
        assert len({message.partition() for message in told if message.key() == key.encode()}) == 1


def _said(message: Any) -> Any:
    return json.loads(message.value())


def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == "aiokafka":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(SinkMissing, match=r"dialer\[kafka\]"):
        KafkaSink(Settings(kafka_servers="127.0.0.1:1"))


def test_who_logs_in_must_say_as_whom() -> None:
    said = Settings(kafka_servers="k:1", kafka_security="sasl-ssl")
    with pytest.raises(SinkMissing, match="DIALER_KAFKA_USERNAME"):
        options(said, 1)
    known = Settings(
        kafka_servers="k:1,l:2", kafka_security="sasl-ssl", kafka_username="u", kafka_password=SecretStr("p")
    )
    told = options(known, 1)
    assert (told["bootstrap_servers"], told["security_protocol"]) == (["k:1", "l:2"], "SASL_SSL")
    assert told["ssl_context"].check_hostname


def test_a_file_that_is_not_there_is_said_by_its_setting() -> None:
    with pytest.raises(SinkMissing, match="DIALER_KAFKA"):
        options(Settings(kafka_servers="k:1", kafka_security="ssl", kafka_ca_file="nowhere.pem"), 1)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_every_kind_has_a_schema_of_its_own(name: str) -> None:
    schema = BY_NAME[name].schema()
    assert schema["properties"]["type"] == {"const": name}
    assert schema["properties"]["data"]["properties"]
