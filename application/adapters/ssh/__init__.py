"""SSH to routers: sessions on Fabric connections, commands and uploads on raw channels.

`Connection.run` is not used: it polls, which costs 15 ms a command and limits an upload
to some hundred bytes a second.
"""
