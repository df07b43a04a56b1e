"""What people see: card, pages, open API."""
