"""The core of GPT Explorer: usable alone, without any page."""
