"""Bring a fleet that is written down elsewhere: in a table, by Ansible, in OpenWISP."""
