"""What stands where in a call: the row of integers that tells compiled loops about one use of a step, counts first, then addresses."""

from __future__ import annotations

STEP, INPUTS, PARAMS, STATE, OUTPUTS = 0, 1, 2, 3, 4
PARAMS_AT, STATE_AT, INPUTS_AT, VALUES_AT, OUT_AT, LOOP, COLUMNS_AT = 5, 6, 7, 8, 9, 10, 11
"""``LOOP`` is the address of a batch loop with the step inside, 0 if there is none; from ``COLUMNS_AT`` on stands one address for each input."""
