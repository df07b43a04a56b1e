"""Tests by kind: unit, contract, story, faults, attack, browser, bench, house."""
