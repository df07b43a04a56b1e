"""WeCom (企业微信): customer service, customer contact, messages to reps; wechatpy lives here and nowhere else."""
