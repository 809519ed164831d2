"""A made-up province for demonstration and load tests; run ``python -m data.synthetic``."""
