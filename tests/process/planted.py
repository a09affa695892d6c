"""What must not come out anywhere: one marker for each place where a secret or a person's data goes in."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

from poller.simulator.auth import Accepted
from poller.simulator.world import World
from tests.process.settings import signing_secret

# Configuration: every credential that a file can hold.
ACCEPTED: Final = Accepted(
    access_key="PLANTAK7ACCESSKEY",
    secret_key="plantSKsecretkey",
    security_token="plantSTsecuritytoken",
    token="plantTKstatictoken",
    password="plantPWpassword",
)
WRONG_KEY: Final = "plantWKwrongsecretkey"
WRONG_TOKEN: Final = "plantWTwrongtoken"
WRONG_PASSWORD: Final = "plantWPwrongpassword"
LETTERS_TOKEN: Final = "PlantedLettersOnly"  # looks like an error code, and like a request id
URL_PATH: Final = "plantUPpath"
URL_QUERY: Final = "plantUQquery"
HEADER: Final = "plantHVheadervalue"
SIGNING: Final = signing_secret("planted")
WEB_TOKEN: Final = "plantWBwebtoken"
MAIL_USER: Final = "plantMUmailuser"
MAIL_PASSWORD: Final = "plantMPmailpassword"
HEARTBEAT: Final = "plantHBheartbeat"

CONFIGURED: Final[Mapping[str, str]] = {
    "access key": ACCEPTED.access_key,
    "secret key": ACCEPTED.secret_key,
    "security token": ACCEPTED.security_token or "",
    "token": ACCEPTED.token,
    "password": ACCEPTED.password,
    "wrong secret key": WRONG_KEY,
    "wrong token": WRONG_TOKEN,
    "wrong password": WRONG_PASSWORD,
    "token of letters": LETTERS_TOKEN,
    "path of a webhook's URL": URL_PATH,
    "query of a webhook's URL": URL_QUERY,
    "value of a webhook's header": HEADER,
    "signing secret": SIGNING.removeprefix("whsec_"),
    "web token": WEB_TOKEN,
    "mail user": MAIL_USER,
    "mail password": MAIL_PASSWORD,
    "path of the heartbeat's URL": HEARTBEAT,
}

# Answers: what the upstream knows of people, and links that open their files.
PHONE: Final = "13900017017"
KEPT_PHONE: Final = "13900029029"
PERSONAL: Final[Mapping[str, str]] = {
    "phone number": PHONE,
    "identity card link": "plantIDcard",
    "authorisation letter link": "plantGLgrant",
    "cover link": "plantCLcover",
    "link in a description": "plantDLdescription",
    "signed link in a description": "plantDSsigned",
    "link in a comment": "plantCMcomment",
    "link in a comment's title": "plantCTtitle",
    "comment's attachment": "plantCAattachment",
    "link as a name": "plantNLname",
    "link as a tag": "plantTLtag",
    "link as a redo reason": "plantRRreason",
    "field that is not on the list": "plantNFunlisted",
    "key of a signed link": "HPUA7SIMULATED0KEY00",
}
# What may be kept, is kept: it proves that a search of each way out can find something.
NAME: Final = "visible-name"
DESCRIPTION: Final = "visible-description"


def found_in(text: bytes, markers: Mapping[str, str]) -> set[str]:
    """The names of those `markers` that stand in `text`, in whatever case, plain or percent-encoded."""
    lowered = text.lower()
    return {
        name for name, marker in markers.items() for form in {marker, quote(marker)} if form.lower().encode() in lowered
    }


def sent_credentials(headers: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The signatures and tokens that were really sent, as markers."""
    found = {}
    for sent in headers:
        for signature in re.findall(r"Signature=(\w+)", sent.get("Authorization", "")):
            found[f"signature {signature[:6]}"] = signature
        if sent.get("X-Auth-Token", "").startswith("MII"):
            found[f"fetched token {sent['X-Auth-Token'][:9]}"] = sent["X-Auth-Token"][20:60]
    return found


def plant(world: World, job_id: str, **changes: Any) -> None:
    """A job full of what must not be kept, and a little that may."""
    link = "https://files.example.com"
    world.put(
        job_id,
        {
            "name": NAME,
            "state": "TRAINING",
            "contact": PHONE,
            "id_card_image1_download_url": f"{link}/plantIDcard?Signature=x",
            "grant_file_download_url": f"{link}/plantGLgrant?Signature=x",
            "cover_download_url": f"{link}/plantCLcover",
            "batch_name": "https://files.example.com/plantNLname",
            "tags": ["visible-tag", f"{link}/plantTLtag"],
            "passport_number": "plantNFunlisted",
            "operation_logs": [
                _entry("SYSTEM_TRAINING", 1, log_description=DESCRIPTION),
                _entry("SYSTEM_VERIFY_SUCCESS", 2, log_description=f"see {link}/plantDLdescription for more"),
                _entry(
                    "SYSTEM_VERIFY_SUCCESS", 3, log_description=f"{link}/f?AWSAccessKeyId=a&Signature=plantDSsigned"
                ),
                _entry("REDO_TRAINING", 4, redo_reasons=["LIP_SYNC", f"{link}/plantRRreason"]),
            ],
            "comment_logs": [
                {
                    "operate_time": "2024-01-01T00:00:05Z",
                    "comment_type": "ADMIN_COMMENT",
                    "comment_title": f"{link}/plantCTtitle",
                    "comment_message": f"{link}/plantCMcomment?Expires=1",
                    "attachment_download_url": [f"{link}/plantCAattachment"],
                }
            ],
            **changes,
        },
    )


def _entry(log_type: str, second: int, **fields: object) -> dict[str, object]:
    return {"operate_time": f"2024-01-01T00:00:{second:02d}Z", "log_type": log_type, "operate_user": "SYSTEM", **fields}
