"""A town whose routers are only told of: every state there is, at the same moment.

`house`    its Flashlog, with a clock that passes as the stories are told
`places`   organizations, credentials, firmware and devices, with names of every kind
`stories`  upgrades that stand where they stand, and mass upgrades made of them
`visits`   what read-only visits would find
`open`     all of it behind a real web server, for browsers
`scenes`   every page of it that is looked at
"""
