"""The chapters of the page "Let's build GPT": each shows itself on the text that is chosen."""
