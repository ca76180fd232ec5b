"""Looking inside a trained model: every activation, what each head does, and what it is good for.

Importing this package imports nothing. In the order in which to read it: `opening`, `trace` with
`scalar`; `heads`, `induction`; `ablation`; `logit_lens`, `contributions`, `patching`; `memory`.
"""
