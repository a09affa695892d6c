"""The JSON Schema of the file, for editors and `poller config schema`."""

from typing import Any, Final

from poller.config.document import Config

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """What a user writes, draft 2020-12. What only a reading of the file can tell (secrets, names in routes) is not in it."""
    body = Config.model_json_schema(mode="validation")
    for table in (body, *body["$defs"].values()):
        # What follows the first paragraph is for readers of the code.
        table["description"] = table.get("description", "").partition("\n\n")[0]
    return {"$schema": DIALECT, **body, "title": "poller.toml"}


def redacted(config: Config) -> dict[str, Any]:
    """The configuration with its defaults, as it would be written, for showing: secrets masked, of URLs only scheme and host."""
    return config.model_dump(mode="json", exclude_none=True)
