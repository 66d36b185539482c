"""What an author gets to read when a kind file is wrong."""


class Problem(Exception):
    """A mistake in a kind file: where it is, what was expected, and what to do about it."""

    def __init__(self, expected, remedy, file=None, kind=None, field=None):
        super().__init__(expected)
        self.expected = expected
        self.remedy = remedy
        self.file = file
        self.kind = kind
        self.field = field

    def at(self, file=None, kind=None, field=None):
        """Fills in what the place that raised the problem did not know; the inner place wins."""
        self.file = self.file or file
        self.kind = self.kind or kind
        self.field = self.field or field
        return self

    def __str__(self):
        place = ": ".join(str(part) for part in (self.file, self.kind, self.field) if part)
        return f"{place}: {self.expected}. {self.remedy}"
