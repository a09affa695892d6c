"""The content of a webhook whose body is a template of the operator."""

from poller.config.template import Misfit, Template
from poller.core.notification import Notification
from poller.notifiers.webhook import Unworded


def templated(template: Template, content_type: str, notification: Notification) -> tuple[bytes, str]:
    """The body that the template makes, and its type. The reading of the file has tried it: to fail here is a surprise. Raises Unworded."""
    try:
        return template.render(notification).encode("utf-8", "replace"), content_type
    except Misfit as error:
        raise Unworded(error.brief) from None
