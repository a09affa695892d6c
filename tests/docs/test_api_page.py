"""docs/api.md lists what is served: `python -m tests.docs.written` writes the table of routes anew."""

from tests.docs.pages import DOCS, read
from tests.docs.written import api_page


def test_the_routes_are_those_of_the_program() -> None:
    assert read(DOCS / "api.md") == api_page()
