"""Looking inside a trained model: every activation, what each head does, and what it is good for.

Importing this package imports nothing. In the order in which to read it: `trace` with `scalar`,
`opening`; `heads`, `induction`, `summary`; `ablation`; `anatomy`, `logit_lens`, `contributions`,
`information_flow`, `patching`; `embeddings`; `memory`.
"""
