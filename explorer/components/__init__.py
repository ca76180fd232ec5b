"""Parts of the interface that must happen in the browser, each behind a typed Python function."""
