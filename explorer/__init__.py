"""What the pages share: colours, figures, and the parts that run in the browser."""
