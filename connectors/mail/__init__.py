"""Mail: out by SMTP, in by a listener or a mailbox."""

from __future__ import annotations

from connectors.mail.connector import MailConnector
from connectors.mail.settings import MailSettings

__all__ = ["MailConnector", "MailSettings"]
