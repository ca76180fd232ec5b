"""Text in, token ids out: tokenizers, the datasets at hand, and the losses a model must beat.

Standard library only, but for byte pairs: those are counted by the `tokenizers` library, which is
imported when it is used. Importing this package imports nothing and reads nothing.

In the order in which to read it: `tokenizer`, `byte_pair`, `documents`, `text`, `corpus`, `tasks`,
`catalogue`, `download`, `baselines`.
"""
