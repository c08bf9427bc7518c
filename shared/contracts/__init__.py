"""The public contract in code: events in and out, their stored form, codes, and exact numbers. Pure."""
