"""The storyboard: cards on a timeline, as records, as a file that people write, and as a plan of shots."""
