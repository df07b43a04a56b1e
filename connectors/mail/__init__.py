"""Mail: out by SMTP, in by a listener or a mailbox."""
