"""Programs from outside that a test needs and may not find."""

import os

import pytest


def not_tested(sentence: str) -> None:
    """Leave the test out with one loud line; in CI it fails instead."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"NOT TESTED: {sentence}")
    pytest.skip(f"NOT TESTED: {sentence}")
