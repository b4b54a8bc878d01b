"""`dialer simulate`: a vendor to try things with. Every switch of the simulator is an option of the same name."""

import ast
import inspect
import signal
from collections.abc import Iterator
from functools import partial
from textwrap import dedent
from typing import Annotated, Any, get_origin

import anyio
import typer
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from campaigns.terms import BadTerms
from dialer.commands.options import example, noun, taking_also
from dialer.commands.printing import note
from dialer.simulator import Faults, Simulator, SimulatorSettings, serve

app = noun("A vendor to try things with, which rings nobody.")
RENAMED = {"journal_path": "journal"}
EXPLAINED = {
    "host": "The address to listen at.",
    "port": "The port; 0 takes a free one.",
    "seed": "The same seed, the same luck.",
    "journal_path": "A file for a line about everything that rang.",
    "answer_rate": "How often he answers; of the rates, those not named are 0, and all are everyday ones if none is.",
    "invalid_rate": "How often the call cannot be made at all.",
}
MODELS: tuple[type[BaseModel], ...] = (SimulatorSettings, Faults)


def _fields() -> Iterator[tuple[str, FieldInfo, str]]:
    """Every switch: its name, its field, and what its model says of it."""
    for model in MODELS:
        explained = _docstrings(model)
        for name, field in model.model_fields.items():
            if name != "faults":
                yield name, field, EXPLAINED.get(name) or explained.get(name, "")


def _docstrings(model: type[BaseModel]) -> dict[str, str]:
    """The texts that stand below a model's fields."""
    body = ast.parse(dedent(inspect.getsource(model))).body[0]
    assert isinstance(body, ast.ClassDef)
    told = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(said))):
                told[name] = " ".join(said.split())
    return told


def _option(name: str, field: FieldInfo, explained: str) -> inspect.Parameter:
    flag = f"--{RENAMED.get(name, name).replace('_', '-')}"
    said = f"{explained} [{_shown(field)}]".strip()
    if field.annotation is bool:
        annotation: Any = Annotated[bool | None, typer.Option(f"{flag}/--no{flag[1:]}", help=said)]
    else:
        annotation = Annotated[str | None, typer.Option(flag, help=said, metavar=_form(field))]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _shown(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True)
    if isinstance(default, dict):
        return ",".join(f"{key}={value}" for key, value in default.items()) or "none"
    if isinstance(default, (tuple, frozenset)):
        return ",".join(map(str, sorted(default))) or "any"
    return "none" if default is None else str(default)


def _form(field: FieldInfo) -> str:
    forms: dict[Any, str] = {dict: "KEY=VALUE,…", tuple: "LEAST,MOST", frozenset: "A,B,…"}
    return forms.get(get_origin(field.annotation), "VALUE")


def _read(field: FieldInfo, text: str) -> Any:
    """A text as its field wants it: `101=ann,102=bob`, several values of a key with `+`, ranges as `3,20`."""
    origin = get_origin(field.annotation)
    if origin is dict:
        pairs = (pair.partition("=") for pair in text.split(",") if pair.strip())
        many = "tuple" in str(field.annotation)
        return {
            key.strip(): tuple(value.split("+")) if many else value.strip() or key.strip() for key, _, value in pairs
        }
    if origin in (tuple, frozenset):
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _settings(switches: dict[str, Any]) -> SimulatorSettings:
    """Raises `BadTerms`, which names the option."""
    told = {
        name: _read(field, switches[name]) if isinstance(switches[name], str) else switches[name]
        for name, field, _ in _fields()
        if switches.get(name) is not None
    }
    faults = {name: told.pop(name) for name in Faults.model_fields if name in told}
    try:
        return SimulatorSettings(**told, faults=Faults(**faults))
    except ValidationError as error:
        fault = error.errors()[0]
        name = str(fault["loc"][0]) if fault["loc"] else "answer_rate"
        raise BadTerms(RENAMED.get(name, name), f"{fault['msg'].removeprefix('Value error, ')}") from None


@app.command(epilog=example("dialer simulate tel4vn --speed 60 --answer-rate 0.5 --drop-hook-rate 0.1"))
@taking_also([_option(*one) for one in _fields()])
def tel4vn(
    tell: Annotated[bool, typer.Option("--tell", help="A line about each ring, on standard error.")] = False,
    **switches: Any,
) -> None:
    """A PBX that speaks TEL4VN's HTTP contract: real HTTP, real hooks, made-up customers. Runs until SIGTERM or
    SIGINT. Rates go from 0 to 1; seconds are the PBX's own, which --speed divides."""
    anyio.run(_run, _settings(switches), tell)


async def _run(settings: SimulatorSettings, tell: bool) -> None:
    async with anyio.create_task_group() as tasks:
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            simulator: Simulator = await tasks.start(partial(serve, settings, tell=note if tell else None))
            print(f"simulator listens at {simulator.url}", flush=True)
            async for _ in signals:
                tasks.cancel_scope.cancel()
                return
