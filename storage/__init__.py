"""What the hub remembers: customers, timeline, queues, ledger. SQLAlchemy lives here and nowhere else."""
