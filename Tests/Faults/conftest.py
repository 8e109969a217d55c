from __future__ import annotations

import pytest

from story import Story


@pytest.fixture
def story() -> Story:
    """Three messages that went well, at 1, 2 and 3 s."""
    story = Story()
    for number in (1, 2, 3):
        story.says(float(number), f"m{number}")
    return story
