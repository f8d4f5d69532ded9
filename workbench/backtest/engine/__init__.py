"""The fill model: rules and account as arrays, the per-bar kernels, a single run, the points of a sweep."""
