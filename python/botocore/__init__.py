"""The names of botocore that rules import: its exceptions and its configuration."""
