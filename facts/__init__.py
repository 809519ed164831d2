"""What is reported: sources, places, indicators, observations, periods, units and checks."""
