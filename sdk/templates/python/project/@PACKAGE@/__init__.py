"""The provider @NAME@."""
