"""The guarantee: random audits of frozen models, their evidence, certificates, cost."""
