"""What a person should be told without asking: by webhook, by e-mail, by a command.

`occasions` finds in the log what is worth it, `notice` says several of them at once,
`state` remembers what was found and not yet told, `channels` tell, and `sender` keeps
all of it going in one process of the installation.
"""
