"""The OpenAPI 3.1 file, made of the models and routes that answer; and a page of it to read, without the internet."""

import html
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from campaigns.words import Right
from dialer import __version__
from dialer.api import keys, linking
from dialer.api.media import Media
from dialer.api.pages import Page
from dialer.api.problems import KINDS, MEDIA_TYPE, XML_TYPE, Problem, ProblemDetails
from dialer.api.routes import Route
from dialer.api.versions import NEXT_CURSOR, Version

Answer = Callable[[web.Request], Awaitable[web.Response]]
ANY = (
    Problem.UNAUTHORIZED,
    Problem.FORBIDDEN,
    Problem.NOT_FOUND,
    Problem.METHOD_NOT_ALLOWED,
    Problem.NOT_ACCEPTABLE,
    Problem.INVALID,
    Problem.MALFORMED,
    Problem.TOO_SLOW,
    Problem.TOO_LARGE,
    Problem.TOO_MANY_REQUESTS,
    Problem.INTERNAL,
    Problem.UNAVAILABLE,
)
"""What any route may answer instead."""
FORM = "multipart/form-data"
STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
code,pre{font-family:ui-monospace,monospace;background:#f4f4f4;padding:.1em .3em}
h2{border-top:1px solid #ddd;padding-top:1rem}table{border-collapse:collapse}
td,th{border:1px solid #ddd;padding:.2em .5em;text-align:left;vertical-align:top}"""


def document(routes: Sequence[Route], versions: Sequence[Version]) -> dict[str, Any]:
    """The whole file, as data. Addresses are relative: a gateway may stand before us."""
    refs, schemas = _schemas(routes)
    paths: dict[str, Any] = {}
    for version in versions:
        for route in routes:
            operation = _operation(route, refs) | _of_version(route, version)
            paths.setdefault(version.prefix + route.path, {})[route.verb.lower()] = operation
            _lay_bare(operation["responses"][str(route.status)], route, schemas, version)
            _connect(operation["responses"][str(route.status)], route, routes, version)
    return {
        "openapi": "3.1.0",
        "info": {"title": "dialer", "version": __version__, "description": "An outbound campaign engine."},
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"oauth": _oauth()}},
    }


def _schemas(routes: Sequence[Route]) -> tuple[Mapping[tuple[Any, JsonSchemaMode], Any], dict[str, Any]]:
    said: list[tuple[type[BaseModel], JsonSchemaMode]] = [(ProblemDetails, "serialization")]
    for route in routes:
        said.append((route.answers, "serialization"))
        if route.body is not None:
            said.append((route.body, "validation"))
    refs, told = models_json_schema(list(dict.fromkeys(said)), ref_template="#/components/schemas/{model}")
    return refs, _with_items(told["$defs"])


def _with_items(schema: Any) -> Any:
    """The schemas, which say of each list how it stands in XML."""
    if isinstance(schema, list):
        return [_with_items(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: _with_items(one) for name, one in schema.items()}
    if told.get("type") == "array" and isinstance(told.get("items"), dict):
        told |= {"xml": {"wrapped": True}, "items": told["items"] | {"xml": {"name": "item"}}}
    return told


def _of_version(route: Route, version: Version) -> dict[str, Any]:
    told = {"operationId": version.operation(route.name), "tags": [version.name]}
    return told | ({"deprecated": True} if version.deprecated_at else {})


def _connect(done: dict[str, Any], route: Route, routes: Sequence[Route], version: Version) -> None:
    if found := linking.links(route, routes, version):
        done["links"] = found


def _lay_bare(done: dict[str, Any], route: Route, schemas: Mapping[str, Any], version: Version) -> None:
    """A page as the version tells it: its list, and in headers where the next one begins."""
    if not (version.bare_pages and issubclass(route.answers, Page)):
        return
    schema = done["content"][Media.JSON.value]["schema"]
    done["content"] = _both(schemas[schema["$ref"].rsplit("/", 1)[-1]]["properties"]["items"])
    done["headers"] = {
        "Link": _header('The next page, as `<?…>; rel="next"`; missing: this is the last one.'),
        NEXT_CURSOR: _header("The `cursor` of the next page."),
    }


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "required": False, "schema": {"type": "string"}}


def _operation(route: Route, refs: Mapping[tuple[Any, JsonSchemaMode], Any]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "security": [{"oauth": [right]} for right in dict.fromkeys((*route.rights, Right.ADMIN))],
        "parameters": [*_of_path(route), *_of_query(route), *_of_headers(route)],
        "responses": _responses(route, refs),
    }
    if route.body is not None:
        schema = refs[route.body, "validation"]
        forms = {kind: {"schema": _form(route.body) if kind == FORM else schema} for kind in route.takes}
        told["requestBody"] = {"required": True, "content": forms}
    return told


def _form(shape: type[BaseModel]) -> dict[str, Any]:
    """The same as a form: what stands in `rows` is a file there."""
    whole = shape.model_json_schema()
    told: dict[str, Any] = _inlined(
        {name: one for name, one in whole.items() if name != "$defs"}, whole.get("$defs", {})
    )
    told["properties"].pop("rows", None)
    told["properties"]["file"] = {"type": "string", "format": "binary"}
    return told | {"required": [*told.get("required", []), "file"]}


def _responses(route: Route, refs: Mapping[tuple[Any, JsonSchemaMode], Any]) -> dict[str, Any]:
    schema = refs[route.answers, "serialization"]
    content = _both(schema)
    if route.files:
        content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in route.files}
    told: dict[str, Any] = {str(route.status): {"description": "Done.", "content": content}}
    if route.tagged:
        told[str(route.status)]["headers"] = {"ETag": _header("What names this state of it, for `If-Match`.")}
    if route.tagged and route.verb == "GET":
        told["304"] = {"description": "It is as it was."}
    problem = {kind: {"schema": refs[ProblemDetails, "serialization"]} for kind in (MEDIA_TYPE, XML_TYPE)}
    body = [Problem.UNSUPPORTED_MEDIA_TYPE] if route.body is not None else []
    changed = [Problem.CHANGED] if route.guarded else []
    reused = [Problem.KEY_REUSED] if route.keyed else []
    for one in (*ANY, *body, *changed, *reused, *route.problems):
        status, title = KINDS[one]
        told[str(status)] = {"description": title, "content": problem}
    return told


def _both(schema: Any) -> dict[str, Any]:
    return {kind.value: {"schema": schema} for kind in Media}


def _of_path(route: Route) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    schema = {"type": "string", "minLength": 1}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def _of_query(route: Route) -> list[dict[str, Any]]:
    told = route.query.model_json_schema(ref_template="#/components/schemas/{model}")
    defs = told.get("$defs", {})
    return [
        {"name": name, "in": "query", "required": False, "schema": _inlined(schema, defs)}
        for name, schema in told.get("properties", {}).items()
    ]


def _inlined(schema: Any, defs: Mapping[str, Any]) -> Any:
    """A parameter's schema, by itself: what it refers to stands in it, and null cannot be said in a query."""
    if isinstance(schema, list):
        return [_inlined(one, defs) for one in schema if one != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(defs[schema["$ref"].rsplit("/", 1)[-1]], defs)
    return {name: _inlined(inner, defs) for name, inner in schema.items() if (name, inner) != ("default", None)}


def _of_headers(route: Route) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    if route.guarded:
        told.append({"name": "If-Match", "in": "header", "required": False, "schema": {"type": "string"}})
    if route.keyed:
        told.append({"name": keys.HEADER, "in": "header", "required": True, "schema": keys.SCHEMA})
    return told


def _oauth() -> dict[str, Any]:
    flow = {
        "tokenUrl": "/oauth/token",
        "scopes": {right.value: right.name.lower().replace("_", " ") for right in Right},
    }
    return {"type": "oauth2", "flows": {"clientCredentials": flow}}


def serving(told: Mapping[str, Any]) -> Answer:
    body = json.dumps(told, ensure_ascii=False).encode()

    async def file(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    return file


def page(told: Mapping[str, Any]) -> Answer:
    body = readable(told).encode()

    async def docs(_request: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
        return web.Response(body=body, content_type="text/html", charset="utf-8", headers=headers)

    return docs


def readable(told: Mapping[str, Any]) -> str:
    """The file as one page of HTML: every route, every model, every problem; no script, nothing fetched."""
    routes = "".join(_route(path, verb, one) for path, verbs in told["paths"].items() for verb, one in verbs.items())
    models = "".join(_model(name, schema) for name, schema in sorted(told["components"]["schemas"].items()))
    rows = "".join(f"<tr><td>{kind}</td><td>{KINDS[kind][0]}</td><td>{KINDS[kind][1]}</td></tr>" for kind in Problem)
    problems = f"<table><tr><th>problem</th><th>status</th><th></th></tr>{rows}</table>"
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>dialer {__version__}</title><style>{STYLE}</style>"
        f"<h1>dialer {__version__}</h1><p>A token comes from <code>POST /oauth/token</code>; this page is made of "
        f"<code>/openapi.json</code>.</p>{routes}<h2>Models</h2>{models}<h2>Problems</h2>{problems}</html>"
    )


def _route(path: str, verb: str, one: Mapping[str, Any]) -> str:
    rights = ", ".join(f"<code>{right}</code>" for need in one["security"] for right in need["oauth"])
    words = "".join(
        f"<tr><td><code>{html.escape(p['name'])}</code></td><td>{p['in']}</td>"
        f"<td>{html.escape(p['schema'].get('description', ''))}</td></tr>"
        for p in one["parameters"]
    )
    body = f"<p>Body: {_kind(_json(one['requestBody']))}</p>" if "requestBody" in one else ""
    done = next(_json(answer) for status, answer in one["responses"].items() if status.startswith("2"))
    return (
        f"<h2 id={one['operationId']}><code>{verb.upper()} {html.escape(path)}</code></h2>"
        f"<p>{html.escape(one['summary'])} Scope: {rights}.</p><table>{words}</table>{body}<p>Answer: {_kind(done)}</p>"
    )


def _json(told: Mapping[str, Any]) -> Any:
    """The schema of a body; that of a file is told by its first form."""
    return next(iter(told["content"].values()))["schema"]


def _model(name: str, schema: Mapping[str, Any]) -> str:
    needed = schema.get("required", [])
    rows = "".join(
        f"<tr><td><code>{html.escape(field)}</code>{'' if field in needed else ' (may be left out)'}</td>"
        f"<td>{_kind(one)}</td><td>{html.escape(one.get('description', ''))}</td></tr>"
        for field, one in schema.get("properties", {}).items()
    )
    said = html.escape(schema.get("description", ", ".join(map(str, schema.get("enum", [])))))
    return f"<h3 id=model-{html.escape(name)}>{html.escape(name)}</h3><p>{said}</p><table>{rows}</table>"


def _kind(schema: Mapping[str, Any]) -> str:
    """A type in a word or two, with a link where it is a model."""
    if "$ref" in schema:
        name = html.escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#model-{name}">{name}</a>'
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(map(_kind, schema[several]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if "enum" in schema:
        return html.escape(", ".join(map(str, schema["enum"])))
    return html.escape(str(schema.get("format", schema.get("type", "anything"))))
