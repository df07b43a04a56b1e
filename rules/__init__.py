"""What the hub knows and decides. Pure: no clock, no network, no database; time is always an argument."""
