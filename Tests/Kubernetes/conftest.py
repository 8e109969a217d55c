import test_schema


def pytest_terminal_summary(terminalreporter):
    looked_at = ", ".join(f"{what}: {count}" for what, count in test_schema.validated.items())
    if looked_at:
        terminalreporter.write_line(f"documents validated for Kubernetes {looked_at}")
