"""A call to an Alibaba Cloud API as plain data: what to ask, and what went wrong."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping


class Product(enum.StrEnum):
    """The APIs that are called, by the name that RAM actions begin with."""

    ECS = "ecs"
    VPC = "vpc"
    STS = "sts"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Call:
    """One API call; `parameters` are spelled as on the wire, lists flattened to `Name.1`, `Name.2`."""

    product: Product
    action: str
    parameters: Mapping[str, str] = dataclasses.field(default_factory=dict)
    write: bool = False

    @property
    def name(self) -> str:
        """PRODUCT:ACTION, which is also the RAM action that has to be allowed."""
        return f"{self.product.value}:{self.action}"

    @property
    def repeatable(self) -> bool:
        """Whether a second try can't do anything twice: reads, and writes that carry a ClientToken."""
        return not self.write or bool(self.parameters.get("ClientToken"))


class Cause(enum.Enum):
    """On which side of the wire a call failed."""

    API = enum.auto()  # the API answered with an error
    NETWORK = enum.auto()  # no answer, or not all of it
    TLS = enum.auto()  # the other side could not prove who it is
    LOCAL = enum.auto()  # an SDK failed on its own


REFUSED = "the connection was refused"
"""The message of a failure whose cause is that nobody listens."""


class Failure(Exception):
    """A call that failed, in one form for both SDKs; `errors.convert` makes the user's error of it.

    Its texts hold no secret: who creates it has redacted them.
    """

    def __init__(
        self,
        message: str,
        *,
        cause: Cause,
        code: str = "",
        status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        principal: str | None = None,
    ) -> None:
        """Describe a failure.

        Args:
            message: the API's own words, or what happened on the way.
            cause: see `Cause`.
            code: the API's error code, for example Throttling.User.
            status: HTTP status of the answer.
            request_id: the API's RequestId, which Alibaba's support asks for.
            retry_after: seconds that the answer's x-acs-retry-after asks us to wait.
            principal: who was denied, when the answer says so.
        """
        super().__init__(f"{code}: {message}" if code else message)
        self.message = message
        self.cause = cause
        self.code = code
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after
        self.principal = principal
