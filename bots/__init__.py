"""What the hub does: intake, turns, delivery, timers."""
