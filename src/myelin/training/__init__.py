"""Arrays to batches, batches to epochs: `step` has the mathematics, `fitting` the loop."""
