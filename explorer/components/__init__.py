"""Parts of the interface that must happen in the browser, each behind a typed Python function.

Import each from its own module (``from explorer.components.plot import plot``): a page then pays
only for what it shows.
"""
