"""librdkafka's own mock broker, which speaks Kafka's protocol over TCP: started, sent away and called back."""

import ctypes
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer

PRODUCER = 0
ONLY = 1
"""The id of the one broker."""
SECONDS = 20.0


def library() -> Any:
    """The library that comes with confluent-kafka: the mock broker's functions are not offered to Python."""
    files = metadata.files("confluent-kafka") or []
    [path] = [file.locate() for file in files if re.match(r"librdkafka.*\.(so|dylib)", Path(file).name)]
    loaded = ctypes.CDLL(str(path))
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    shapes: dict[str, tuple[Any, list[Any]]] = {
        "rd_kafka_conf_new": (pointer, []),
        "rd_kafka_new": (pointer, [number, pointer, text, ctypes.c_size_t]),
        "rd_kafka_destroy": (None, [pointer]),
        "rd_kafka_mock_cluster_new": (pointer, [pointer, number]),
        "rd_kafka_mock_cluster_destroy": (None, [pointer]),
        "rd_kafka_mock_cluster_bootstraps": (text, [pointer]),
        "rd_kafka_mock_broker_set_down": (number, [pointer, ctypes.c_int32]),
        "rd_kafka_mock_broker_set_up": (number, [pointer, ctypes.c_int32]),
    }
    for name, (answer, arguments) in shapes.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = answer, arguments
    return loaded


class Broker:
    """One broker on this machine."""

    def __init__(self, loaded: Any, cluster: Any) -> None:
        self._library = loaded
        self._cluster = cluster
        self.address: str = loaded.rd_kafka_mock_cluster_bootstraps(cluster).decode()

    def goes_away(self) -> None:
        """Connections are closed, and nobody listens any more."""
        assert self._library.rd_kafka_mock_broker_set_down(self._cluster, ONLY) == 0

    def comes_back(self) -> None:
        assert self._library.rd_kafka_mock_broker_set_up(self._cluster, ONLY) == 0

    def messages(self, topic: str, count: int) -> list[Any]:
        """What stands in a topic, once there is so much; of each partition in its order."""
        consumer = Consumer({"bootstrap.servers": self.address, "group.id": "test", "auto.offset.reset": "earliest"})
        consumer.subscribe([topic])
        try:
            found: list[Any] = []
            while len(found) < count:
                message = consumer.poll(SECONDS)
                assert message is not None, f"{len(found)} of {count}"
                if message.error() is None:
                    found.append(message)
            return found
        finally:
            consumer.close()


@contextmanager
def broker() -> Iterator[Broker]:
    loaded = library()
    handle = loaded.rd_kafka_new(PRODUCER, loaded.rd_kafka_conf_new(), ctypes.create_string_buffer(512), 512)
    cluster = loaded.rd_kafka_mock_cluster_new(handle, 1)
    try:
        yield Broker(loaded, cluster)
    finally:
        loaded.rd_kafka_mock_cluster_destroy(cluster)
        loaded.rd_kafka_destroy(handle)
