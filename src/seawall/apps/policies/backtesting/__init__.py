"""Backtests of policies on the home's own journal. `measure`, `facts` and `process` know no Django."""
