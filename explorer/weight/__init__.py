"""The page that follows one weight through one training step."""
