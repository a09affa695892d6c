"""What the process tests share with others."""

from tests.store.conftest import postgresql

__all__ = ["postgresql"]
