"""docs/understand.md shows the house as it is."""

from poller.core.delivery import DELIVERY_STATES
from poller.core.delivery import __file__ as delivery_file
from tests.docs.pages import DOCS, README, blocks, first_cells, read, rows, sections
from tests.test_architecture import LIBRARIES, STOREYS

PAGE = read(DOCS / "understand.md")
PARTS = sections(PAGE, 2)


def test_every_room_stands_on_its_storey() -> None:
    house = {row[1].strip("`"): int(row[0]) for row in rows(PARTS["The house"])}

    assert house == STOREYS


def test_the_readme_draws_the_storeys_in_their_order() -> None:
    picture = blocks(sections(read(README), 2)["Understand"])[0].text.splitlines()[0]
    drawn = [part.strip().split(" · ") for part in picture.split("─►")]

    assert [sorted(rooms) for rooms in drawn] == [
        sorted(room for room, storey in STOREYS.items() if storey == level) for level in range(5, -1, -1)
    ]


def test_a_library_is_named_with_the_rooms_it_may_be_in() -> None:
    words = PARTS["The house"].partition("Each library has its room:")[2].lower()

    for library in ("sqlalchemy", "aiohttp", "apscheduler", "typer", "pydantic"):
        told = words.partition(library)[2].partition(", " if library != "aiohttp" else "apscheduler")[0]
        assert {room for room in STOREYS if f"`{room}`" in told} == LIBRARIES[library], library


def test_the_state_machine_of_a_delivery_names_every_state() -> None:
    part = PARTS["States, and who moves them"]
    table = [cell for cell in first_cells(part) if cell in DELIVERY_STATES]

    assert table == list(DELIVERY_STATES)
    for state in DELIVERY_STATES:
        assert state in blocks(part)[0].text
        assert f"# {state}" in read_code(), "the code tells who moves a delivery in and out as well"


def read_code() -> str:
    with open(delivery_file, encoding="utf-8") as file:
        return file.read()
