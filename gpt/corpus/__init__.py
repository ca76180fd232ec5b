"""Text in, token ids out: tokenizers, the datasets at hand, and the losses a model must beat.

Standard library only. Importing this package imports nothing and reads nothing.

In the order in which to read it: `tokenizer`, `documents`, `text`, `corpus`, `tasks`,
`catalogue`, `download`, `baselines`.
"""
