"""Kafka as a sink: acknowledged by all replicas, idempotent, keyed by the person, so that a partition keeps his order.

A broker that is away is given a little while, and three tries within it; then the producer is dropped with all that it
holds, and the next batch is read from the ledger again. So an outage of any length costs no memory. What was taken
before the producer was dropped is told twice: every event has an id.
"""

import logging
import ssl
from collections.abc import Sequence
from typing import Any

import anyio

from campaigns.events.kinds import Event
from dialer.settings import Settings
from dialer.sinks import SinkAway, SinkMissing

PATIENCE = 10.0
"""Seconds in which a batch must have been acknowledged."""
TRIES = 3
CLOSING = 2.0
LARGEST = 1024 * 1024


class KafkaSink:
    name = "kafka"

    def __init__(self, settings: Settings, patience: float = PATIENCE) -> None:
        self._topic = settings.kafka_topic
        self._patience = patience
        self._options = options(settings, patience)
        self._make = _producer_class()
        self._producer: Any = None
        # It tells of each try; we tell when the sink goes away and comes back.
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)

    async def publish(self, events: Sequence[Event]) -> None:
        try:
            with anyio.fail_after(self._patience):
                await self._send(events)
        except TimeoutError:
            await self.aclose()
            raise SinkAway(f"not acknowledged within {self._patience:g} s") from None
        except (OSError, _kafka_error()) as error:
            await self.aclose()
            raise SinkAway(type(error).__name__) from None

    async def _send(self, events: Sequence[Event]) -> None:
        producer = await self._started()
        acknowledged = [
            await producer.send(
                self._topic,
                key=event.key.encode(),
                value=event.model_dump_json().encode(),
                timestamp_ms=int(event.timestamp.timestamp() * 1000),
                headers=[("event-id", event.id.encode()), ("event-type", event.type.encode())],
            )
            for event in events
        ]
        for one in acknowledged:
            await one

    async def _started(self) -> Any:
        if self._producer is None:
            producer = self._make(**self._options)
            self._producer = producer
            await producer.start()
        return self._producer

    async def aclose(self) -> None:
        """Drop the producer without waiting for what a broker will not take: its own `stop` would wait for ever."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        with anyio.move_on_after(CLOSING, shield=True):
            await producer._sender.close()
        with anyio.move_on_after(CLOSING, shield=True):
            await producer.client.close()
        producer._closed = True


def options(settings: Settings, patience: float) -> dict[str, Any]:
    """How a producer is made. Raises `SinkMissing`."""
    security = settings.kafka_security.upper().replace("-", "_")
    told: dict[str, Any] = {
        "bootstrap_servers": [one.strip() for one in settings.kafka_servers.split(",") if one.strip()],
        "client_id": "dialer",
        "acks": "all",
        "enable_idempotence": True,
        "request_timeout_ms": int(patience * 1000 / TRIES),
        "retry_backoff_ms": int(patience * 1000 / TRIES / 4),
        "max_request_size": LARGEST,
        "linger_ms": 5,
        "security_protocol": security,
    }
    if security.endswith("SSL"):
        told["ssl_context"] = _context(settings)
    if security.startswith("SASL"):
        password = settings.kafka_password.get_secret_value()
        if not settings.kafka_username or not password:
            raise SinkMissing("DIALER_KAFKA_USERNAME and DIALER_KAFKA_PASSWORD must be set for " + security)
        told |= {
            "sasl_mechanism": settings.kafka_mechanism,
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": password,
        }
    return told


def _context(settings: Settings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ca_file or None)
        if settings.kafka_certificate_file:
            context.load_cert_chain(settings.kafka_certificate_file, settings.kafka_key_file or None)
    except OSError as error:
        raise SinkMissing(f"a DIALER_KAFKA_…_FILE cannot be read: {error.strerror or error}") from None
    return context


def _producer_class() -> Any:
    try:
        from aiokafka import AIOKafkaProducer
    except ImportError:
        raise SinkMissing("DIALER_KAFKA_SERVERS is set and aiokafka is not there: install dialer[kafka]") from None
    return AIOKafkaProducer


def _kafka_error() -> type[Exception]:
    from aiokafka.errors import KafkaError

    found: type[Exception] = KafkaError
    return found
