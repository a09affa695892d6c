"""How a source proves who it is: the `auth` table, one form per `method`."""

from typing import Annotated, Literal, TypeAlias

from poller.config.fields import Text
from poller.config.link import endpoint_url
from poller.config.moment import Moment
from poller.config.secrecy import SecretRule, header_safe
from poller.config.table import Table, key, optional
from poller.core.secret import Secret

HeaderSecret: TypeAlias = Annotated[Secret, SecretRule(check=header_safe)]
OptionalHeaderSecret: TypeAlias = Annotated[Secret | None, SecretRule(check=header_safe)]
Name: TypeAlias = Annotated[
    str,
    Text(
        pattern=r"[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]{0,254}[^\s\x00-\x1f\x7f])?",
        allowed="a name of up to 256 characters without control characters and without spaces at its ends",
    ),
]
Endpoint: TypeAlias = Annotated[
    str | None,
    Text(
        pattern=r"https?://[^?#@\s]+", allowed="https://HOST[:PORT][/PATH], or http://", check=endpoint_url, show=False
    ),
]


class AkskAuth(Table):
    """Every request is signed with an access key."""

    method: Literal["aksk"] = key(meaning="aksk: sign with an access key")
    access_key: HeaderSecret = key(meaning="the access key id (AK)")
    secret_key: Annotated[Secret, SecretRule()] = key(meaning="the secret access key (SK)")
    security_token: OptionalHeaderSecret = optional(meaning="the security token that temporary keys come with")
    expires_at: Moment = optional(meaning="when temporary keys end; EXPIRING is told an hour before")


class TokenAuth(Table):
    """Every request carries a token that somebody else renews."""

    method: Literal["token"] = key(meaning="token: send a given token")
    token: HeaderSecret = key(meaning="the X-Auth-Token")
    expires_at: Moment = optional(
        meaning="when the token ends, if it does not say so itself; EXPIRING is told an hour before"
    )


class PasswordAuth(Table):
    """Every request carries a token that poller fetches and renews.

    `endpoint` is always set in a source that was read from a file: the one of the source's region when the key was left out.
    """

    method: Literal["password"] = key(meaning="password: fetch and renew a token with a user's password")
    user: Name = key(meaning="the IAM user's name")
    password: Annotated[Secret, SecretRule()] = key(meaning="the IAM user's password")
    domain: Name = key(meaning="the account that the user belongs to")
    endpoint: Endpoint = optional(meaning="where tokens are fetched; left out: https://iam.REGION.myhuaweicloud.com")


AuthConfig: TypeAlias = AkskAuth | TokenAuth | PasswordAuth
