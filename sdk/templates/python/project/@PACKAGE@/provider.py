"""The classes of this provider, one a kind: what plugin.yaml names. Lines with `capstan:` are where
`capstan plugin add kind` puts more."""

# capstan:imports

__all__ = [
    # capstan:classes
]
