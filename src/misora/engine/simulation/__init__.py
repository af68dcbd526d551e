"""The real queue and ledger on a virtual clock, with faults drawn from a seed: what a year of bad luck does, in seconds, repeatably."""
