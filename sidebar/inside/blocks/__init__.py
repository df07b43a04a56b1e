"""The blocks of the conversation page, one module each; `sidebar.inside.registry` finds them."""
